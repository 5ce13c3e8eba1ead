import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/**
 * The list of offers: new ones come from the catalogue or from a file, never from an empty row.
 *
 * Whoever may create offers gets "Add from catalogue" in place of "New"; that the list may create
 * is also what makes Odoo offer "Import records".
 */
export class OfferListController extends ListController {
    static template = "pg_catalog.OfferListView";

    async createRecord() {
        await this.actionService.doAction("pg_catalog.pg_offer_add_action");
    }
}

export class OfferListRenderer extends ListRenderer {
    get canCreate() {
        return false;
    }
}

registry.category("views").add("pg_offer_list", {
    ...listView,
    Controller: OfferListController,
    Renderer: OfferListRenderer,
});
