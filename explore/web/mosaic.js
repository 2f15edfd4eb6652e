// What the page takes from Mosaic; `npm run build` makes it one file.
export { Coordinator, MosaicClient, Selection, clauseInterval, clauseIntervals, clausePoint } from "@uwdata/mosaic-core";
export { Query, count, sql } from "@uwdata/mosaic-sql";
