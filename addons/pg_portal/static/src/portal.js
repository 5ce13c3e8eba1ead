/* Comfort for the storefront. Every page works without this file. */
"use strict";
(() => {
    const root = document.documentElement;
    root.classList.add("js");
    const all = (selector, from = document) => [...from.querySelectorAll(selector)];

    // The dialling code stands before the number, unless the number brings its own.
    const country = document.getElementById("country");
    const number = document.getElementById("number");
    if (country && number) {
        const dial = document.querySelector("[data-dial-of]");
        const options = [...country.options];
        const show = () => {
            const own = /^\s*(\+|00)/.test(number.value);
            dial.textContent = "+" + country.selectedOptions[0].dataset.dial;
            dial.hidden = own;
        };
        const follow = () => {
            const digits = number.value.replace(/^\s*00/, "+").replace(/[^\d+]/g, "");
            if (digits[0] === "+") {
                const fits = options
                    .filter((option) => digits.startsWith("+" + option.dataset.dial))
                    .sort((one, two) => two.dataset.dial.length - one.dataset.dial.length);
                const same = fits.filter((one) => one.dataset.dial === fits[0].dataset.dial);
                if (fits.length && !same.some((option) => option.selected)) {
                    fits[0].selected = true;
                }
            }
            show();
        };
        country.addEventListener("change", show);
        number.addEventListener("input", follow);
        follow();
        const contacts = document.getElementById("contacts");
        if (navigator.contacts?.select) {
            contacts.hidden = false;
            contacts.addEventListener("click", async () => {
                try {
                    const [person] = await navigator.contacts.select(["tel"]);
                    if (person?.tel?.[0]) {
                        number.value = person.tel[0].slice(0, 40);
                        follow();
                    }
                } catch {
                    // The customer changed its mind, or the phone does not allow it.
                }
                number.focus();
            });
        }
    }

    // A chosen operator, state or month is shown at once.
    for (const form of all("form[data-operators], form[data-finder]")) {
        form.addEventListener("change", (event) => {
            if (event.target.matches("select, input[type=radio]")) {
                form.requestSubmit();
            }
        });
    }

    // Both sides of an amount: what is typed on one is worked out on the other, by the server.
    for (const form of all("form[data-quote]")) {
        const { receive, pay, offer } = form.elements;
        const line = form.querySelector(".estimate");
        let timer, asked = 0;
        const ask = async (typed, other) => {
            const turn = ++asked;
            const value = typed.value.trim();
            let answer = {};
            if (value) {
                line.classList.add("is-busy");
                const query = new URLSearchParams({ offer: offer.value, [typed.dataset.name]: value });
                try {
                    const response = await fetch(form.dataset.quote + "?" + query);
                    answer = response.ok ? await response.json() : {};
                } catch {
                    answer = {};
                }
            }
            if (turn === asked) {
                line.textContent = answer.text || answer.error || "";
                line.classList.remove("is-busy");
                line.classList.toggle("is-bad", Boolean(answer.error));
                other.value = answer[other.dataset.name] || "";
            }
        };
        for (const [typed, other] of [[receive, pay], [pay, receive]]) {
            typed.dataset.name = typed.name;
            typed.addEventListener("input", () => {
                // Only what was typed is sent: the server works out the other side again.
                typed.name = typed.dataset.name;
                other.removeAttribute("name");
                clearTimeout(timer);
                timer = setTimeout(ask, 350, typed, other);
            });
        }
        if (receive.value) {
            ask(receive, pay);
        } else if (pay.value) {
            ask(pay, receive);
        }
    }

    // One click is one order; the button says that something happens.
    for (const form of all("form[data-guard]")) {
        const button = form.querySelector("button[type=submit]");
        const before = button && [...button.childNodes];
        form.addEventListener("submit", (event) => {
            if (form.dataset.sent) {
                event.preventDefault();
                return;
            }
            form.dataset.sent = "1";
            button.setAttribute("aria-disabled", "true");
            if (button.dataset.busy) {
                button.textContent = button.dataset.busy;
            }
        });
        // Back from the gateway's page: the form works again.
        addEventListener("pageshow", (event) => {
            if (event.persisted && form.dataset.sent) {
                delete form.dataset.sent;
                button.removeAttribute("aria-disabled");
                button.replaceChildren(...before);
            }
        });
    }

    // A code that was bought, to the clipboard. The page's live part may be drawn again.
    document.addEventListener("click", async (event) => {
        const button = event.target.closest("[data-copy]");
        if (button) {
            const text = document.querySelector(button.dataset.copy).textContent.trim();
            await navigator.clipboard.writeText(text);
            button.textContent = button.dataset.done;
        }
    });

    // The order's address, for another device.
    for (const button of all("[data-share]")) {
        button.hidden = !(navigator.share || navigator.clipboard);
        button.addEventListener("click", async () => {
            const url = location.href.split("#")[0];
            try {
                if (navigator.share) {
                    await navigator.share({ title: button.dataset.title, url });
                } else {
                    await navigator.clipboard.writeText(url);
                    button.lastElementChild.textContent = button.dataset.done;
                }
            } catch {
                // The customer changed its mind.
            }
        });
    }

    // For some seconds after paying the order can be taken back.
    const undo = document.getElementById("undoform");
    let undoTimer;
    const offerUndo = (seconds) => {
        const end = Date.now() + seconds * 1000;
        const tick = () => {
            const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
            undo.querySelector("[data-countdown]").textContent = ` (${left} s)`;
            undo.hidden = !left && !undo.dataset.sent;
            if (left) {
                undoTimer = setTimeout(tick, 500);
            }
        };
        clearTimeout(undoTimer);
        tick();
    };
    if (undo) {
        offerUndo(Number(undo.dataset.seconds));
    }

    // On the way to the gateway.
    const gateway = document.getElementById("gateway-form");
    if (gateway) {
        gateway.submit();
    }

    // The list of a customer's top-ups: what is under way is drawn again when it has moved.
    if (document.querySelector("[data-live]")) {
        const SHORT = 3000, LONG = 20000, MOST = 5;
        let pause = SHORT;
        const isMoved = async (row) => {
            const response = await fetch(row.dataset.live + "?mark=" + encodeURIComponent(row.dataset.mark));
            return response.ok && (await response.json()).mark !== row.dataset.mark;
        };
        const again = async () => {
            const rows = all("[data-live]").slice(0, MOST);
            if (!rows.length) {
                return;
            }
            try {
                const isCalm = document.visibilityState !== "visible" || document.querySelector("[data-sent]");
                if (!isCalm && (await Promise.all(rows.map(isMoved))).includes(true)) {
                    const response = await fetch(location.href, { cache: "no-store" });
                    const next = new DOMParser().parseFromString(await response.text(), "text/html");
                    const list = next.querySelector(".history");
                    if (list) {
                        document.querySelector(".history").replaceWith(list);
                    }
                    pause = SHORT;
                }
            } catch {
                // Offline for a moment.
            }
            pause = Math.min(pause * 1.3, LONG);
            setTimeout(again, pause);
        };
        setTimeout(again, pause);
    }

    // Where the order stands: asked every second at first, then ever less often, up to 10 s.
    const live = document.getElementById("live");
    if (live && live.dataset.status) {
        const FIRST = 1000, LAST = 10000, STRETCH = 1.15, CALM = 15;
        let mark = live.dataset.mark, wait = FIRST, turns = 0, timer, running = false;
        const plan = () => {
            clearTimeout(timer);
            if (document.visibilityState === "visible") {
                timer = setTimeout(look, wait);
            }
        };
        const apply = (answer) => {
            mark = answer.mark;
            if (answer.payable && !document.getElementById("payform")) {
                // A payment that was being confirmed was refused: the page with the ways to pay.
                location.reload();
                return;
            }
            live.innerHTML = answer.live;
            document.getElementById("actions").innerHTML = answer.actions;
            document.title = answer.title + document.title.slice(document.title.indexOf(" – "));
            if (!answer.payable) {
                document.getElementById("payform")?.remove();
            }
            if (undo) {
                offerUndo(answer.undo);
            }
            wait = FIRST;
            turns = 0;
        };
        const look = async () => {
            if (running) {
                return;
            }
            running = true;
            let over = false;
            try {
                const url = live.dataset.status + "?mark=" + encodeURIComponent(mark);
                const response = await fetch(url, { cache: "no-store" });
                if (response.ok) {
                    const answer = await response.json();
                    over = answer.final;
                    if (answer.mark !== mark) {
                        apply(answer);
                    }
                }
            } catch {
                // Offline for a moment: the next look comes by itself.
            }
            running = false;
            turns += 1;
            wait = turns > CALM ? Math.min(wait * STRETCH, LAST) : wait;
            if (!over) {
                plan();
            }
        };
        document.addEventListener("visibilitychange", () => {
            wait = FIRST;
            turns = 0;
            plan();
        });
        plan();
    }
})();
