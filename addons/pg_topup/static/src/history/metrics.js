import { Component, onWillStart, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";
import { Domain } from "@web/core/domain";
import { _t } from "@web/core/l10n/translation";
import { formatMonetary } from "@web/views/fields/formatters";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";

/** Milliseconds in which the changes of many top-ups become one new count. */
const WAIT = 1500;
/** A count that took long is made anew after so many times as long: it costs the database. */
const REST = 20;

/** The figures of what the list is filtered to, a range of days, and the export. */
export class TopupMetrics extends Component {
    static template = "pg_topup.Metrics";
    static props = { domain: Array };

    setup() {
        this.orm = useService("orm");
        this.took = 0;
        const { from, to } = this.findRange()?.pgRange || {};
        this.state = useState({ data: null, mayExport: false, from: from || "", to: to || "" });
        onWillStart(async () => {
            this.state.mayExport = await user.hasGroup("base.group_allow_export");
            await this.load(this.props.domain);
        });
        onWillUpdateProps((next) => {
            const range = this.findRange()?.pgRange || {};
            Object.assign(this.state, { from: range.from || "", to: range.to || "" });
            return this.load(next.domain);
        });
        let timer = false;
        useBus(useService("pg_topup_live").bus, "changed", () => {
            timer = timer || setTimeout(() => {
                timer = false;
                this.load(this.props.domain);
            }, Math.max(WAIT, REST * this.took));
        });
        onWillUnmount(() => clearTimeout(timer));
    }

    /** The range of days that is among the search's filters now. */
    findRange() {
        const { searchItems, query } = this.env.searchModel;
        return query.map(({ searchItemId }) => searchItems[searchItemId]).find((item) => item?.pgRange);
    }

    /** Filter by the days that are chosen; the range becomes a filter like any other. */
    setRange(side, value) {
        const { from, to } = { from: this.state.from, to: this.state.to, [side]: value };
        const search = this.env.searchModel;
        const known = this.findRange();
        const terms = [];
        if (from) {
            terms.push(["business_date", ">=", from]);
        }
        if (to) {
            terms.push(["business_date", "<=", to]);
        }
        search.blockNotification = terms.length > 0;
        if (known) {
            search.deactivateGroup(known.groupId);
        }
        search.blockNotification = false;
        if (terms.length) {
            const description = _t("%(from)s to %(to)s", { from: from || "…", to: to || "…" });
            const domain = new Domain(terms).toString();
            search.createNewFilters([{ description, domain, pgRange: { from, to } }]);
        }
    }

    async load(domain) {
        const asked = (this.asked = (this.asked || 0) + 1);
        const start = Date.now();
        const data = await this.orm.silent.call("pg.topup", "get_metrics", [domain]);
        this.took = Date.now() - start;
        if (asked === this.asked) {
            this.state.data = data;
        }
    }

    money(value) {
        const currencyId = this.state.data.currency_id;
        return value === false ? "–" : formatMonetary(value, { currencyId });
    }

    exportUrl(kind) {
        const domain = encodeURIComponent(JSON.stringify(this.props.domain));
        const companies = (user.context.allowed_company_ids || []).join(",");
        return `/pg/topups/export/${kind}?domain=${domain}&companies=${companies}`;
    }
}

export class TopupListRenderer extends ListRenderer {
    static template = "pg_topup.ListRenderer";
    static components = { ...ListRenderer.components, TopupMetrics };
}

registry.category("views").add("pg_topup_list", { ...listView, Renderer: TopupListRenderer });
