// Step 1: whose phone.
const showNumber = (widget, typed = "", error = "") => {
    const { t, config } = widget;
    const country = make("select", { id: "country", autocomplete: "off" }, config.countries.map((one) => {
        const option = make("option", { value: one.code, text: one.dial ? `${one.name} (+${one.dial})` : one.name });
        option.selected = one.code === (widget.country || (config.countries.find((c) => c.selected) || {}).code);
        return option;
    }));
    const number = make("input", {
        id: "number", type: "tel", inputmode: "tel", autocomplete: "tel", dir: "ltr", maxlength: 40, required: true,
    });
    number.value = typed;
    const hint = make("p", { class: error ? "hint bad" : "hint", text: error || t.number_hint });
    if (error) {
        number.setAttribute("aria-invalid", "true");
    }
    const button = make("button", { class: "main", type: "submit", text: t.continue });
    const form = make("form", {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            widget.country = country.value;
            widget.run(button, async () => {
                const values = { number: number.value, country: country.value };
                try {
                    const found = await widget.ask("offers", values);
                    await showOffers(widget, found, true);
                } catch (refused) {
                    if (refused.status !== 422) {
                        throw refused;
                    }
                    showNumber(widget, number.value, refused.text);
                    widget.find("#number").focus();
                }
            });
        },
    }, config.countries.length > 1 ? field(t.country, country) : null, field(t.number, number, hint), button);
    widget.show(1, t.heading, form);
};
