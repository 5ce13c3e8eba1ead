/* The page "Embed on your site": options on the left, preview and code follow them. */
"use strict";
(() => {
    const main = document.querySelector("main");
    const form = document.getElementById("options");
    const preview = document.getElementById("preview");
    const code = document.getElementById("code");
    const quote = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

    const settings = () => {
        const found = { key: main.dataset.key, slug: main.dataset.slug };
        for (const input of form.querySelectorAll("[name]")) {
            const value = input.type === "checkbox" ? (input.checked ? "1" : "") : input.value.trim();
            if (value && value !== input.dataset.default) {
                found[input.name] = value;
            }
        }
        return found;
    };

    const show = () => {
        const found = settings();
        const lines = Object.entries(found).map(([name, value]) => `data-${name}="${quote(value)}"`);
        code.textContent = `<script async src="${main.dataset.script}"\n`
            + `        integrity="${main.dataset.integrity}" crossorigin="anonymous"></` + "script>\n"
            + `<pg-topup ${lines.join("\n          ")}></pg-topup>`;
        const element = document.createElement("pg-topup");
        for (const [name, value] of Object.entries(found)) {
            element.dataset[name] = value;
        }
        element.dataset.preview = "1";
        preview.replaceChildren(element);
    };

    let timer;
    form.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(show, 250);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("narrow").addEventListener("change", (event) => {
        preview.classList.toggle("narrow", event.target.checked);
    });
    const copy = document.getElementById("copy");
    copy.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(code.textContent);
        } catch {
            getSelection().selectAllChildren(code);
            document.execCommand("copy");
        }
        document.getElementById("copied").textContent = copy.dataset.done;
    });
    show();
})();
