/** Rows of the database and values of the wire, as maps by name. */

/** A row as it was selected; the names are those of the columns. */
export type Row = Record<string, unknown>;
/** Values of fields by wire name, validated. */
export type Values = Record<string, unknown>;
