// Where the order stands: asked every 1.5 s at first, then ever less often, only while it is seen.
const FIRST = 1500, LAST = 10_000, STRETCH = 1.15;
const SETTLED = ["failed", "refunded", "cancelled"];

const showOrder = async (widget) => {
    const token = widget.token;
    clearTimeout(widget.timer);
    let wait = FIRST, seen = "";
    const look = async () => {
        let status;
        try {
            status = await widget.ask("status", { token });
        } catch (refused) {
            if (widget.token !== token) {
                return;
            }
            if (refused.status === 404) {
                forget(widget);
                return;
            }
            if (!seen && refused.code !== "offline" && refused.status !== 429) {
                throw refused;
            }
        }
        if (widget.token !== token || !widget.isConnected) {
            return;
        }
        const text = JSON.stringify(status);
        if (status && text !== seen) {
            // New pieces are shown and said; what the customer may be typing stays when nothing changed.
            draw(widget, status, !seen);
            tell(widget, status);
            seen = text;
            wait = FIRST;
        }
        if (!status?.final) {
            widget.timer = setTimeout(next, wait);
            wait = Math.min(wait * STRETCH, LAST);
        }
    };
    const next = () => (document.visibilityState === "hidden" || navigator.onLine === false
        ? (widget.timer = setTimeout(next, FIRST)) : look().catch(() => {}));
    await look();
};

const draw = (widget, status, isFirst) => {
    const { t } = widget;
    const parts = [make("p", { text: status.detail, class: status.is_declined ? "alert" : "quiet" })];
    const isWaiting = status.is_payable && widget.payUrl && !status.is_declined;
    if (isWaiting) {
        parts.push(make("p", { class: "note", text: t.waiting }));
    }
    if (status.pin) {
        parts.push(showPin(t, status.pin));
    }
    parts.push(make("ol", { class: "steps" }, status.steps.map((step) =>
        make("li", { class: step.mark }, make("span", { "aria-hidden": "true", text: { done: "✓", bad: "✗" }[step.mark] || "•" }),
            make("em", { text: step.label })))));
    parts.push(facts([
        [t.number, status.number_text, "num"], [t.operator, status.operator],
        [t.receives, status.receive], [t.price, status.price],
    ]));
    if (status.is_payable && !status.confirming) {
        parts.push(showPayAgain(widget, status));
    }
    const page = new URL(status.page_url, widget.base).href;
    parts.push(make("p", { class: "row foot-row" },
        make("a", { href: page, target: "_blank", rel: "noopener", text: t.page }),
        status.final || status.is_payable
            ? make("button", { class: "link", type: "button", text: t.new, onclick: () => forget(widget) }) : null));
    widget.show(0, status.title, ...parts);
    if (!isFirst) {
        widget.say(`${status.title}. ${status.detail}`);
    }
};

const showPin = (t, pin) => {
    const code = typeof pin === "string" ? pin : pin.code || "";
    const button = make("button", {
        class: "link", type: "button", text: t.copy,
        onclick: () => navigator.clipboard?.writeText(code).then(() => (button.textContent = t.copied)),
    });
    return make("div", { class: "note" }, make("p", { class: "label", text: t.pin }),
        make("p", { class: "row" }, make("span", { class: "num pin", text: code }), button),
        pin.text ? make("p", { class: "quiet", text: String(pin.text) }) : null);
};

const showPayAgain = (widget, status) => {
    const { t } = widget;
    if (!status.providers.length) {
        return make("p", { class: "note", text: t.no_way });
    }
    const [choices, chosen] = ways(t, status.providers);
    const button = make("button", { class: "main", type: "button", text: widget.payUrl ? t.open_again : t.pay_again });
    button.addEventListener("click", () => {
        const win = widget.openWindow();
        widget.run(button, async () => {
            try {
                leave(widget, await widget.ask("pay", { token: widget.token, provider_id: chosen() }), win);
            } catch (refused) {
                win?.close();
                if (!refused.text) {
                    throw refused;
                }
                widget.alert(make("p", { class: "alert", role: "alert", text: refused.text }));
            }
        }, t.paying);
    });
    return make("div", {}, choices, button);
};

/** Tell the host page, each thing once per order. */
const tell = (widget, status) => {
    const detail = { order: status.order, state: status.state, price: status.price, receive: status.receive };
    const once = (name, more) => {
        const mark = `${widget.token}:${name}:${more?.reason || ""}`;
        if (!widget.told.has(mark)) {
            widget.told.add(mark);
            widget.dispatchEvent(new CustomEvent(`pg-topup:${name}`, {
                bubbles: true, composed: true, detail: { ...detail, ...more },
            }));
        }
    };
    if (status.is_paid) {
        once("paid");
    }
    if (status.state === "completed") {
        once("delivered");
    } else if (SETTLED.includes(status.state)) {
        once("failed", { reason: status.is_paid ? "delivery" : "payment" });
    } else if (status.is_declined) {
        once("failed", { reason: "payment" });
    }
};

/** Begin anew. */
const forget = (widget) => {
    clearTimeout(widget.timer);
    widget.token = widget.payUrl = widget.ordered = "";
    setMark("");
    showNumber(widget);
    widget.find("h2").focus();
};
