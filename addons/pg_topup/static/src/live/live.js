import { EventBus, onWillUnmount } from "@odoo/owl";
import { FormController } from "@web/views/form/form_controller";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";
import { patch } from "@web/core/utils/patch";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";

/** Milliseconds in which the changes of many top-ups become one reload. */
const WAIT = 700;
/** Milliseconds until a view looks once more: the server tells of many changes only the first. */
const AGAIN = 2000;
/** Milliseconds until a view that somebody works in is looked at again. */
const BUSY_WAIT = 3000;

/** Hears from the server which top-ups have changed. */
export const topupLiveService = {
    dependencies: ["bus_service"],
    start(env, { bus_service: busService }) {
        const bus = new EventBus();
        busService.subscribe("pg_topup/state", (payload) => bus.trigger("changed", payload));
        return { bus };
    },
};
registry.category("services").add("pg_topup_live", topupLiveService);

/** Keep the open view of top-ups true without a reload of the page. */
export function useTopupLive(controller) {
    const live = useService("pg_topup_live");
    const changed = new Set();
    let timer = false;
    let again = false;
    let isGone = false;

    const concerns = (root) =>
        root.resId ? changed.has(root.resId) : !root.offset || root.groups ||
            root.records.some((record) => changed.has(record.resId));
    const isBusy = (root) => root.dirty || root.editedRecord || root.selection?.length;
    const plan = (wait) => {
        timer = timer || isGone || setTimeout(refresh, wait);
    };
    const refresh = async () => {
        timer = false;
        const root = controller.model.root;
        if (!root || isBusy(root)) {
            return plan(BUSY_WAIT);
        }
        const isFirst = changed.size > 0;
        const isOurs = isFirst ? concerns(root) : again;
        changed.clear();
        again = isFirst;
        if (isOurs) {
            await root.load();
        }
        if (isFirst) {
            plan(AGAIN);
        }
    };
    useBus(live.bus, "changed", ({ detail }) => {
        detail.ids.forEach((id) => changed.add(id));
        plan(WAIT);
    });
    onWillUnmount(() => {
        isGone = true;
        clearTimeout(timer);
    });
}

for (const Controller of [FormController, KanbanController, ListController]) {
    patch(Controller.prototype, {
        setup() {
            super.setup(...arguments);
            if (this.props.resModel === "pg.topup") {
                useTopupLive(this);
            }
        },
    });
}
