// Step 2: what to send. Airtime is known by what arrives, all else by its name.
const FEW = 6;

const showOffers = async (widget, found, isFirst) => {
    const { t } = widget;
    const wanted = isFirst && widget.getAttribute("data-operator");
    if (wanted) {
        const other = found.operators.find((one) => !one.selected && same(one, wanted));
        if (other) {
            found = await widget.ask("offers", { number: found.number, operator_id: other.id });
        }
    }
    widget.found = found;
    const operators = make("select", { id: "operator" }, found.operators.map((one) => {
        const option = make("option", { value: one.id, text: one.name });
        option.selected = one.selected;
        return option;
    }));
    operators.addEventListener("change", () => widget.run(operators, async () => {
        const next = await widget.ask("offers", { number: found.number, operator_id: Number(operators.value) });
        await showOffers(widget, next);
        widget.find("#operator")?.focus();
    }));
    const change = make("button", {
        class: "link", type: "button", text: t.change, onclick: () => showNumber(widget, found.number_text),
    });
    const groups = found.groups.map((group) => showGroup(widget, group, found.groups.length > 1));
    widget.show(2, t.offers,
        make("p", { class: "row" }, make("span", { class: "num", text: found.number_text }), change),
        found.operators.length > 1
            ? field(t.operator, operators)
            : make("p", { class: "quiet", text: found.operators[0]?.name || "" }),
        groups.length ? groups : make("p", { class: "note", text: t.no_offers }));
};

const same = (operator, wanted) =>
    String(operator.id) === wanted || operator.name.toLowerCase() === wanted.trim().toLowerCase();

const showGroup = (widget, group, withLabel) => {
    const items = group.offers.map((offer) => make("li", { class: offer.is_range ? "range" : false },
        offer.is_range ? showRange(widget, offer) : showCard(widget, offer)));
    const list = make("ul", { class: "offers", "aria-label": group.label }, items.slice(0, FEW));
    const rest = items.slice(FEW);
    const more = rest.length && make("button", {
        type: "button", class: "link", text: fill(widget.t.all, String(items.length)),
        onclick: () => {
            list.append(...rest);
            more.remove();
            rest[0].querySelector("button, input").focus();
        },
    });
    return [withLabel ? make("h3", { text: group.label }) : null, list, more || null];
};

const words = (offer) => (offer.is_airtime && !offer.has_own_name ? "" : offer.name);

const showCard = (widget, offer) => {
    const amount = widget.getAttribute("data-amount");
    const isWanted = amount && Number(offer.receive.replace(/[^\d.]/g, "")) === Number(amount);
    const button = make("button", {
        class: isWanted ? "offer on" : "offer", type: "button",
        onclick: () => widget.run(button, () => review(widget, offer.id)),
    },
    make("span", {},
        make("b", { text: words(offer) || offer.receive }),
        words(offer) && offer.is_airtime ? make("small", { text: offer.receive }) : null,
        offer.validity ? make("small", { text: offer.validity }) : null,
        offer.bonus ? make("small", { class: "good", text: `+ ${offer.bonus}` }) : null),
    make("span", { class: "price", text: offer.price }));
    return button;
};

const showRange = (widget, offer) => {
    const { t } = widget;
    const input = make("input", {
        id: `amount-${offer.id}`, inputmode: "decimal", autocomplete: "off", dir: "ltr", maxlength: 12,
    });
    input.value = widget.getAttribute("data-amount") || "";
    const limits = fill(t.between, `${offer.low} – ${offer.high}`);
    const hint = make("p", { class: "hint", text: limits, "aria-live": "polite" });
    let timer, turn = 0;
    const estimate = async () => {
        const mine = ++turn;
        let text = limits, bad = false;
        if (input.value.trim()) {
            try {
                const answer = await widget.ask("quote", { offer_id: offer.id, receive: input.value });
                text = answer.text || answer.error || limits;
                bad = Boolean(answer.error);
            } catch (refused) {
                text = refused.text || limits;
            }
        }
        if (mine === turn) {
            hint.textContent = text;
            hint.classList.toggle("bad", bad);
        }
    };
    input.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(estimate, 350);
    });
    if (input.value) {
        estimate();
    }
    const button = make("button", { class: "main", type: "submit", text: t.continue });
    return make("form", {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            if (!input.value.trim()) {
                hint.classList.add("bad");
                input.focus();
                return;
            }
            widget.run(button, async () => {
                try {
                    await review(widget, offer.id, input.value);
                } catch (refused) {
                    if (refused.status !== 422) {
                        throw refused;
                    }
                    turn++;
                    hint.textContent = refused.text;
                    hint.classList.add("bad");
                    input.focus();
                }
            });
        },
    },
    words(offer) ? make("b", { text: words(offer) }) : null,
    field(fill(t.amount, offer.receive_currency), input, hint), button);
};
