/** Models: what has an href and a PRN, and the index that finds them by label, by master and type, or by path. */

/** What has an href and a PRN: a resource of the API, or one type of a master table. */
export interface Model {
  /** App label: `core`, `file`. */
  readonly app: string;
  /** Class name of Pulp: `FileRepository`; messages and PRNs use it. */
  readonly name: string;
  /** Path below the API root without slashes at the ends: `repositories/file/file`. */
  readonly path: string;
  /** Master table for types of one (`repository`, `remote`, `content` …), else the table itself. */
  readonly table: string;
  /** Table of the columns that rows of its type have beside those of the master. */
  readonly detailTable?: string;
  /** `file.file` for rows of a master table. */
  readonly pulpType?: string;
  /** Column of the id on the wire; `pulp_id` unless the id is an integer. */
  readonly key?: string;
  /** The app in PRNs where it differs (`auth` for users). */
  readonly prnApp?: string;
  /** Column of the id that stands for the star in the path of a nested model. */
  readonly parentColumn?: string;
  /** Rows belong to a domain (default true). */
  readonly inDomain?: boolean;
}

/** `file.filerepository`: the form in PRNs. */
export function labelOf(model: Model): string {
  return `${model.prnApp ?? model.app}.${model.name.toLowerCase()}`;
}

/** All models of a program, found by label, by master table and type, by path, and by table. */
export class Models {
  readonly all: readonly Model[];
  readonly #byLabel = new Map<string, Model>();
  readonly #byType = new Map<string, Model>();
  readonly #byPath = new Map<string, Model>();
  /** Undefined for tables of several. */
  readonly #byTable = new Map<string, Model | undefined>();

  constructor(models: readonly Model[]) {
    this.all = models;
    for (const model of models) {
      this.#byLabel.set(labelOf(model), model);
      this.#byPath.set(model.path, model);
      if (model.pulpType) this.#byType.set(`${model.table}:${model.pulpType}`, model);
      const own = model.detailTable ?? (model.pulpType === undefined ? model.table : undefined);
      if (own !== undefined) this.#byTable.set(own, this.#byTable.has(own) ? undefined : model);
    }
  }

  byLabel(label: string): Model | undefined {
    return this.#byLabel.get(label);
  }
  byType(master: string, pulpType: string): Model | undefined {
    return this.#byType.get(`${master}:${pulpType}`);
  }
  byPath(path: string): Model | undefined {
    return this.#byPath.get(path);
  }
  /** The name of the model whose rows alone a table holds: `file.FileContent`. */
  nameOfTable(table: string): string | undefined {
    const model = this.#byTable.get(table);
    return model && `${model.prnApp ?? model.app}.${model.name}`;
  }
  /** PRN of a row of a master table. */
  prnOfType(master: string, pulpType: string, pulpId: string): string {
    const model = this.byType(master, pulpType);
    if (!model) throw new Error(`no model for ${master} of type ${pulpType}`);
    return prn(labelOf(model), pulpId);
  }
}

/** `prn:file.filerepository:<id>` */
export function prn(label: string, id: string | number): string {
  return `prn:${label}:${id}`;
}
