// The element itself: settings, frame, errors.
const script = document.currentScript;
const ATTRIBUTES = ["data-key", "data-slug", "data-colour", "data-language", "data-country", "data-operator",
    "data-amount", "data-compact", "data-theme", "data-logo"];
let takenMark = "";

class PgTopup extends HTMLElement {
    static observedAttributes = ATTRIBUTES;

    constructor() {
        super();
        this.attachShadow({ mode: "open" });
        this.told = new Set();
        this.base = "";
        this.turn = 0;
    }

    connectedCallback() {
        this.online = () => this.notice();
        this.back = (event) => event.persisted && this.token && showOrder(this).catch((refused) => this.fail(refused));
        addEventListener("online", this.online);
        addEventListener("offline", this.online);
        addEventListener("pageshow", this.back);
        this.isStarted = true;
        this.start();
    }

    disconnectedCallback() {
        this.isStarted = false;
        clearTimeout(this.timer);
        removeEventListener("online", this.online);
        removeEventListener("offline", this.online);
        removeEventListener("pageshow", this.back);
    }

    attributeChangedCallback(_name, before, after) {
        if (this.isStarted && before !== after) {
            clearTimeout(this.soon);
            this.soon = setTimeout(() => this.start(), 50);
        }
    }

    /** Fetch the settings and show the first step, or the order that the page's address names. */
    async start() {
        const turn = ++this.turn;
        clearTimeout(this.timer);
        this.base = this.getAttribute("data-server") || (script?.src ? new URL(script.src).origin : location.origin);
        this.country = this.getAttribute("data-country")?.toUpperCase();
        this.classList.toggle("dark", this.theme() === "dark");
        dress(this.shadowRoot);
        this.shadowRoot.replaceChildren(make("div", { class: "card", "aria-busy": "true" }, make("div", { class: "spin" })));
        try {
            const config = await ask(this.base, this.getAttribute("data-key") || "", "config", {
                lang: this.language(), colour: this.getAttribute("data-colour") || "",
            });
            if (turn !== this.turn) {
                return;
            }
            const slug = this.getAttribute("data-slug");
            if (slug && slug !== config.slug) {
                throw new Refused(404, { code: "unknown_key", message: "" });
            }
            this.config = config;
            this.t = config.texts;
            dress(this.shadowRoot, config.palette);
            this.build();
            const mark = readMark();
            if (mark && (!takenMark || this.token === mark)) {
                takenMark = this.token = mark;
                await showOrder(this);
            } else {
                showNumber(this);
            }
        } catch (refused) {
            if (turn === this.turn) {
                this.fail(refused, () => this.start());
            }
        }
    }

    language() {
        return this.getAttribute("data-language") || document.documentElement.lang || "";
    }

    theme() {
        const theme = this.getAttribute("data-theme");
        return theme === "light" || theme === "dark" ? theme : isDark(this) ? "dark" : "light";
    }

    /** Make the frame: head, progress, body, foot, and the line that screen readers hear. */
    build() {
        const { config: { seller, shop_url: shop, dir, lang }, t } = this;
        const compact = this.hasAttribute("data-compact");
        const logo = this.getAttribute("data-logo");
        const url = logo === "none" ? "" : logo || seller.logo_url;
        const safe = url && /^https?:$/.test(new URL(url, this.base).protocol) && new URL(url, this.base).href;
        this.bar = make("ol", { class: "bar", "aria-hidden": "true" },
            ["step_number", "step_offer", "step_pay"].map((name) => make("li", { text: t[name] })));
        this.body = make("div", {});
        this.live = make("p", { class: "sr", role: "status" });
        this.banner = make("div", {});
        this.shadowRoot.replaceChildren(make("section", {
            class: compact ? "card compact" : "card", dir, lang, "aria-label": `${t.heading} – ${seller.name}`,
        },
        make("div", { class: "head" },
            safe ? make("img", { class: "logo", src: safe, alt: "" })
                : logo === "none" ? null : make("span", { class: "logo", "aria-hidden": "true", text: seller.initial }),
            make("div", {}, make("b", { text: seller.name }),
                seller.tagline ? make("small", { class: "tagline", text: seller.tagline }) : null)),
        this.bar, this.banner, this.body,
        make("p", { class: "foot" }, make("span", { text: t.secure }),
            make("a", { href: new URL(shop, this.base).href, target: "_blank", rel: "noopener", text: t.shop })),
        this.live));
        this.notice();
    }

    /** Show a step. :param step: 1 to 3, 0 for the order. */
    show(step, title, ...parts) {
        const hadFocus = this.shadowRoot.activeElement;
        const heading = make("h2", { tabindex: "-1", text: title });
        this.bar.hidden = !step;
        this.bar.classList.toggle("sr", !step);
        [...this.bar.children].forEach((item, at) => item.classList.toggle("on", at < step));
        const where = step ? make("span", { class: "sr", text: fill(this.t.step_of, String(step)) }) : null;
        this.body.replaceChildren(...[heading, where, ...parts].flat(3).filter(Boolean));
        // Focus follows the customer, it is never taken from the host page.
        if (hadFocus) {
            heading.focus({ preventScroll: false });
        }
    }

    find(selector) {
        return this.shadowRoot.querySelector(selector);
    }

    say(text) {
        this.live.textContent = text;
    }

    /** Put a message above the step; it is seen and heard. */
    alert(node) {
        this.body.querySelector(".alert")?.remove();
        this.body.prepend(node);
        node.scrollIntoView?.({ block: "nearest" });
    }

    ask(path, values) {
        return ask(this.base, this.getAttribute("data-key") || "", path, { ...values, lang: this.language() });
    }

    /** Do one thing at a time: a second click while it goes on does nothing. */
    async run(button, work, busyText) {
        if (this.busy) {
            return;
        }
        this.busy = true;
        const before = button.textContent;
        button.setAttribute("aria-disabled", "true");
        if (busyText) {
            button.textContent = busyText;
        }
        try {
            await work();
        } catch (refused) {
            this.fail(refused);
        } finally {
            this.busy = false;
            if (busyText) {
                button.textContent = before;
            }
            button.removeAttribute("aria-disabled");
        }
    }

    /** Say what went wrong. Before there are texts, in English. */
    fail(refused, retry) {
        const t = this.t || {
            unreachable: "The shop does not answer. Please try again.", offline: "You are offline.",
            broken: "Something went wrong. Please try again.", retry: "Try again",
        };
        const code = refused instanceof Refused ? refused.code : "broken";
        const text = refused.text || t[code] || t.broken;
        if (!(refused instanceof Refused)) {
            console.error("pg-topup:", refused);
        } else if (!this.config) {
            console.warn(`pg-topup: ${code}. Is ${location.origin} among the allowed sites of this key?`);
        }
        const again = retry && make("button", { type: "button", text: t.retry, onclick: retry });
        const node = make("div", { class: "alert", role: "alert" }, make("p", { text }), again);
        if (this.body && this.config) {
            this.alert(node);
        } else {
            this.shadowRoot.replaceChildren(make("div", { class: "card" }, node));
        }
    }

    notice() {
        const off = navigator.onLine === false;
        this.banner?.replaceChildren(...(off ? [make("p", { class: "note", role: "status", text: this.t.offline })] : []));
    }

    /** A window for the payment page when one is wanted, or when the host page stands in a frame. */
    openWindow() {
        if (this.getAttribute("data-payment") !== "popup" && top === window) {
            return null;
        }
        const win = open("", "_blank", "popup,width=480,height=760");
        if (win) {
            win.opener = null;
        }
        return win;
    }
}

if (!customElements.get("pg-topup")) {
    customElements.define("pg-topup", PgTopup);
}
// One script tag alone is enough: it may carry the settings itself.
if (script?.dataset.key) {
    const element = document.createElement("pg-topup");
    for (const [name, value] of Object.entries(script.dataset)) {
        element.dataset[name] = value;
    }
    script.after(element);
}
