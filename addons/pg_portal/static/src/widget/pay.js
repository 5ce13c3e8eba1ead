// Step 3: check and pay. The payment page never stands in a frame: top window, or a window of its own.
const review = async (widget, offerId, receive, alert = "", email = "") => {
    const { t } = widget;
    const asked = { number: widget.found.number, offer_id: offerId, receive };
    const values = await widget.ask("review", asked);
    const mail = make("input", { id: "email", type: "email", autocomplete: "email", dir: "ltr", maxlength: 254 });
    mail.value = email;
    const [choices, chosen] = ways(t, values.providers);
    const button = make("button", { class: "main", type: "submit", text: fill(t.pay, values.price) });
    const send = (confirmed) => widget.run(button, async () => {
        const order = { ...asked, price: values.price_exact, email: mail.value.trim() };
        try {
            await place(widget, order, chosen(), confirmed);
        } catch (refused) {
            await explain(widget, refused, { offerId, receive, email: order.email, send });
        }
    }, t.paying);
    const form = make("form", {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            send(false);
        },
    },
    facts([
        [t.number, values.number_text, "num"], [t.operator, values.operator], [t.receives, values.name],
        [values.name ? "" : t.receives, values.receive], [t.promotion, values.bonus && `+ ${values.bonus}`],
        [t.tax, values.tax], [t.price, values.price],
    ]),
    values.doubt ? make("p", { class: "doubt", role: "note", text: values.doubt }) : null,
    make("p", { class: "hint", text: t.check_number }),
    field(t.email, mail),
    values.providers.length ? [choices, button] : make("p", { class: "note", text: t.no_way }),
    make("button", {
        class: "link", type: "button", text: t.back, onclick: () => showOffers(widget, widget.found),
    }));
    widget.show(3, t.review, alert ? make("p", { class: "alert", role: "alert", text: alert }) : null, form);
};

const place = async (widget, order, providerId, confirmed) => {
    const isPreview = widget.hasAttribute("data-preview");
    if (isPreview) {
        throw new Refused(422, { code: "preview", message: widget.t.preview });
    }
    // The window is opened by the click itself: later, browsers would block it.
    const win = widget.openWindow();
    try {
        // Another choice is another order, the same one again is the same.
        const content = JSON.stringify(order);
        if (widget.ordered !== content) {
            widget.ordered = content;
            widget.clientKey = makeKey();
        }
        const answer = await widget.ask("order", {
            ...order,
            provider_id: providerId,
            client_key: widget.clientKey,
            confirmed: confirmed ? "1" : "",
            return_url: win ? "" : pageAddress(),
            utm: cameBy(),
        });
        leave(widget, answer, win);
    } catch (refused) {
        win?.close();
        throw refused;
    }
};

/** What the link to the host page says of where the visitor came from. */
const cameBy = () =>
    Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("utm_")));

/** Go to the payment page, or to where the order stands when there is nothing to pay. */
const leave = (widget, answer, win) => {
    widget.token = answer.token;
    setMark(answer.token);
    if (!answer.pay_url) {
        win?.close();
        showOrder(widget);
        return;
    }
    const url = new URL(answer.pay_url, widget.base).href;
    if (win) {
        win.location.href = url;
        widget.payUrl = url;
        showOrder(widget);
    } else {
        location.assign(url);
    }
};

const explain = async (widget, refused, { offerId, receive, email, send }) => {
    const { t } = widget;
    if (refused.code === "price_changed") {
        await review(widget, offerId, receive, refused.text, email);
    } else if (refused.code === "repeated_order") {
        const question = make("div", { class: "alert", role: "alert" },
            make("p", { text: refused.text }),
            make("p", { class: "row" },
                make("button", { type: "button", text: t.yes_again, onclick: () => send(true) }),
                make("button", { type: "button", text: t.no_again, onclick: () => showOffers(widget, widget.found) })));
        widget.alert(question);
    } else if (refused.status >= 400 && refused.status < 500 && refused.text) {
        if (refused.code === "conflict") {
            widget.ordered = "";
        }
        widget.alert(make("p", { class: "alert", role: "alert", text: refused.text }));
    } else {
        throw refused;
    }
};
