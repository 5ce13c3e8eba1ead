// One way to ask the shop. Every failure is a Refused; status 0: no answer at all.
class Refused extends Error {
    constructor(status, { code = "broken", message = "" } = {}) {
        super(code);
        this.status = status;
        this.code = code;
        this.text = message;
    }
}

const PATIENCE = 40_000;

const ask = async (base, key, path, values) => {
    let response, answer;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
        response = await fetch(`${base}/pg/widget/v1/${encodeURIComponent(key)}/${path}`, {
            method: "POST",
            mode: "cors",
            credentials: "omit",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(values),
            signal: stop.signal,
        });
        answer = await response.json().catch(() => ({}));
    } catch {
        throw new Refused(0, { code: navigator.onLine === false ? "offline" : "unreachable" });
    } finally {
        clearTimeout(timer);
    }
    if (!response.ok) {
        throw new Refused(response.status, answer.error);
    }
    return answer;
};

/** A key of an order: the same click, however often it is sent, is one order. */
const makeKey = () =>
    [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// The order's token stays in the page's fragment, which is sent to no server: so Back, reload and
// the way back from the payment page find the order again, without cookie or storage.
const MARK = /[#&]pg-topup=([A-Za-z0-9_-]{16,64})/;

const readMark = () => (MARK.exec(location.hash) || [])[1] || "";

const setMark = (token) => {
    const rest = location.hash.replace(MARK, "").replace(/^[#&]/, "");
    const hash = [rest, token && `pg-topup=${token}`].filter(Boolean).join("&");
    history.replaceState(history.state, "", `${location.pathname}${location.search}${hash && "#" + hash}`);
};

const pageAddress = () => {
    const rest = location.hash.replace(MARK, "").replace(/^[#&]/, "");
    return location.href.split("#")[0] + (rest && `#${rest}`);
};
