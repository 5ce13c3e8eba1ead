/* The payer's page: shows the number where it is needed, looks whether the payment went on. */
(() => {
    "use strict";

    const page = document.body.dataset;
    const WAITING = ["handset", "ussd", "redirect", "confirm"];
    const SOON = 3000;
    const LATER = 10000;
    const LONG_AFTER = 3 * 60 * 1000;

    /** Show the number only for ways to pay that ask on a phone; one click is one request. */
    function setUpForm() {
        const form = document.querySelector("form[action*='/start/']");
        if (!form) {
            return;
        }
        const block = form.querySelector(".number");
        const input = form.querySelector("#number");
        const show = () => {
            const chosen = form.querySelector("input[name='channel']:checked");
            const needsNumber = Boolean(chosen && chosen.dataset.number);
            block.hidden = !needsNumber;
            input.required = needsNumber;
        };
        form.addEventListener("change", show);
        form.addEventListener("submit", () => {
            form.querySelector("button.main").disabled = true;
        });
        // A page that comes back from the browser's memory can be sent again.
        window.addEventListener("pageshow", () => {
            form.querySelector("button.main").disabled = false;
            show();
        });
        show();
    }

    /** Count down to the moment at which the request ends. */
    function setUpClock() {
        const clock = document.querySelector(".clock");
        const until = Date.parse(page.until || "");
        if (!clock || !until) {
            return;
        }
        clock.parentElement.hidden = false;
        const tick = () => {
            const left = Math.max(0, Math.round((until - Date.now()) / 1000));
            clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
        };
        tick();
        setInterval(tick, 1000);
    }

    /** Ask our server whether the payment went on; the page is loaded again when it did. */
    function watch() {
        const since = Date.now();
        const plan = () => setTimeout(look, Date.now() - since > LONG_AFTER ? LATER : SOON);
        const look = async () => {
            try {
                const answer = await fetch(page.status, { cache: "no-store" });
                const news = await answer.json();
                if (news.step !== page.step) {
                    location.reload();
                    return;
                }
            } catch {
                // No connection now: the next look may have one.
            }
            plan();
        };
        plan();
    }

    setUpForm();
    setUpClock();
    if (WAITING.includes(page.step)) {
        watch();
    } else if (page.step === "done") {
        setTimeout(() => location.replace(page.landing), 2500);
    }
})();
