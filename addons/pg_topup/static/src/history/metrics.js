import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { formatMonetary } from "@web/views/fields/formatters";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";

/** The figures of what the list is filtered to, and its export. */
export class TopupMetrics extends Component {
    static template = "pg_topup.Metrics";
    static props = { domain: Array };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ data: null, mayExport: false });
        onWillStart(async () => {
            this.state.mayExport = await user.hasGroup("base.group_allow_export");
            await this.load(this.props.domain);
        });
        onWillUpdateProps((next) => this.load(next.domain));
    }

    async load(domain) {
        const asked = (this.asked = (this.asked || 0) + 1);
        const data = await this.orm.silent.call("pg.topup", "get_metrics", [domain]);
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
