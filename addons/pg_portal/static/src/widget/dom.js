// Elements are made, never parsed: a text from the server stays a text.
const make = (tag, options = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
        if (name === "text") {
            node.textContent = value;
        } else if (name.startsWith("on")) {
            node.addEventListener(name.slice(2), value);
        } else if (value === true) {
            node.setAttribute(name, "");
        } else if (value !== false && value !== undefined && value !== null) {
            node.setAttribute(name, value);
        }
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return node;
};

/** A field with its label; the label's text also names it for screen readers. */
const field = (label, input, hint) => {
    if (hint) {
        hint.id = `${input.id}-hint`;
        input.setAttribute("aria-describedby", hint.id);
    }
    return [make("label", { for: input.id, text: label }), input, hint];
};

const fill = (text, value) => text.replace("%s", () => value);

const facts = (rows) =>
    make("dl", {}, rows.filter((row) => row && row[1]).map(([name, value, kind]) =>
        make("div", {}, make("dt", { text: name }), make("dd", { text: value, class: kind || false }))));

/** The gateways as choices; returns [element, () => id of the chosen one]. */
const ways = (t, providers) => {
    const inputs = providers.map((way) => {
        const input = make("input", { type: "radio", name: "way", value: way.id });
        input.checked = way.selected;
        return [input, way];
    });
    const box = make("fieldset", {}, make("legend", { class: "label", text: t.pay_by }),
        inputs.map(([input, way]) => make("label", { class: "way" }, input, make("span", { text: way.name },
            way.converted ? make("small", { class: "quiet", text: way.converted }) : null))));
    const chosen = () => Number((inputs.find(([input]) => input.checked) || inputs[0])?.[0].value) || null;
    return [box, chosen];
};
