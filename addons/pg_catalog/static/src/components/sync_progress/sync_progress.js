import { Component, onWillUnmount, useEffect, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const POLL_MS = 2000;
const BUSY = ["waiting", "running"];

/**
 * How far a supplier's sync is: asks the server every other second while one is under way, then
 * shows the record as it is after it.
 */
export class SyncProgress extends Component {
    static template = "pg_catalog.SyncProgress";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ progress: this.value });
        useEffect(
            (value) => {
                this.state.progress = value;
                this.schedule();
            },
            () => [this.value]
        );
        onWillUnmount(() => clearTimeout(this.timer));
    }

    get value() {
        return this.props.record.data[this.props.name] || {};
    }

    get isBusy() {
        return BUSY.includes(this.state.progress.state);
    }

    get text() {
        const { phase, done } = this.state.progress;
        return done ? _t("%(phase)s: %(done)s", { phase, done: done.toLocaleString() }) : phase;
    }

    schedule() {
        clearTimeout(this.timer);
        if (this.isBusy && this.props.record.resId) {
            this.timer = setTimeout(() => this.poll(), POLL_MS);
        }
    }

    async poll() {
        const { resModel, resId } = this.props.record;
        this.state.progress = await this.orm
            .silent.call(resModel, "get_sync_progress", [[resId]])
            .catch(() => this.state.progress);
        if (!this.isBusy && !(await this.props.record.isDirty())) {
            await this.props.record.load();
        }
        this.schedule();
    }
}

registry.category("fields").add("pg_sync_progress", {
    component: SyncProgress,
    supportedTypes: ["json"],
});
