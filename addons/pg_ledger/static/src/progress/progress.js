import { onMounted, onWillUnmount } from "@odoo/owl";
import { FormController } from "@web/views/form/form_controller";
import { ListController } from "@web/views/list/list_controller";
import { patch } from "@web/core/utils/patch";

/** Milliseconds between two looks at work that a cron worker does. */
const PAUSE = 1500;
/** States in which there is more to come, by model. */
const AT_WORK = {
    "pg.ledger.verify": ["queued", "running"],
    "pg.ledger.recovery": ["reading"],
};

/** Read the open view again while what it shows is being worked on; stop when it is done. */
export function useWorkProgress(controller, states) {
    let timer = false;
    const isAtWork = (root) =>
        (root.records || [root]).some((record) => states.includes(record.data.state));
    const isBusy = (root) => root.dirty || root.editedRecord || root.selection?.length;
    const look = async () => {
        const root = controller.model.root;
        if (root && !root.groups && !isBusy(root) && isAtWork(root)) {
            await root.load();
        }
        timer = timer && setTimeout(look, PAUSE);
    };
    onMounted(() => {
        timer = setTimeout(look, PAUSE);
    });
    onWillUnmount(() => {
        clearTimeout(timer);
        timer = false;
    });
}

for (const Controller of [FormController, ListController]) {
    patch(Controller.prototype, {
        setup() {
            super.setup(...arguments);
            const states = AT_WORK[this.props.resModel];
            if (states) {
                useWorkProgress(this, states);
            }
        },
    });
}
