/**
 * The conceptual schema of an invented garden supplier, beside the names its database really uses.
 *
 * The names say nothing on purpose; the comments do. Questions and gold answers are written against the
 * keys of this file, so that they survive a migration that renames columns.
 */

export type Area = 'sales' | 'people' | 'stock';

/** What fills a column. `measure` values are distinct within a table where `ranked`. */
export type Content =
  | { readonly kind: 'id' }
  | { readonly kind: 'refers'; readonly table: string }
  | {
      readonly kind: 'label';
      readonly first: readonly string[];
      readonly second: readonly string[];
    }
  | { readonly kind: 'category'; readonly of: readonly string[] }
  | {
      readonly kind: 'measure';
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly ranked: boolean;
    }
  | { readonly kind: 'date'; readonly year: number };

export interface Column {
  readonly key: string;
  /** The name in the database before the migration. */
  readonly name: string;
  readonly comment: string;
  /** How questions call it; the first one is the usual wording. */
  readonly say: readonly string[];
  readonly content: Content;
}

export interface Table {
  readonly key: string;
  readonly name: string;
  readonly area: Area;
  readonly comment: string;
  readonly one: string;
  readonly many: string;
  readonly rows: number;
  /** Hash-partitioned by its first column, as the big tables of this company are. */
  readonly partitioned: boolean;
  readonly columns: readonly Column[];
}

type ColumnSpec = readonly [
  key: string,
  name: string,
  comment: string,
  say: string,
  content: Content,
];

function table(
  spec: Omit<Table, 'columns' | 'partitioned'>,
  columns: readonly ColumnSpec[],
): Table {
  return {
    ...spec,
    partitioned: spec.area === 'stock',
    columns: columns.map(([key, name, comment, say, content]) => ({
      key,
      name,
      comment,
      say: say.split('|'),
      content,
    })),
  };
}

const id: Content = { kind: 'id' };
const refers = (key: string): Content => ({ kind: 'refers', table: key });
const one = (...of: readonly string[]): Content => ({ kind: 'category', of });
const label = (first: readonly string[], second: readonly string[]): Content => ({
  kind: 'label',
  first,
  second,
});
const ranked = (from: number, to: number, step: number): Content => ({
  kind: 'measure',
  from,
  to,
  step,
  ranked: true,
});
const coarse = (from: number, to: number, step: number): Content => ({
  kind: 'measure',
  from,
  to,
  step,
  ranked: false,
});
const date = (year: number): Content => ({ kind: 'date', year });

const given = ['Ada', 'Bram', 'Cleo', 'Dina', 'Emil', 'Faye', 'Goran', 'Hanna', 'Ivo', 'Jette'];
const family = ['Aalto', 'Brandt', 'Costa', 'Dubois', 'Ekman', 'Ferrari', 'Garcia', 'Horvat'];

const sales: readonly Table[] = [
  table(
    {
      key: 'customers',
      name: 'q7_krd',
      area: 'sales',
      comment: 'customers',
      one: 'customer',
      many: 'customers',
      rows: 40,
    },
    [
      ['number', 'k_31', 'customer number', 'customer number', id],
      [
        'name',
        'k_07',
        'name',
        'name',
        label(
          ['Green', 'Sunny', 'River', 'Hill', 'Stone', 'Meadow', 'Forest'],
          ['Gardens', 'Nursery', 'Florist', 'Estate', 'Orchard', 'Terrace', 'Park'],
        ),
      ],
      ['city', 'k_22', 'city', 'city', one('Bergen', 'Lyon', 'Porto', 'Graz', 'Turku')],
      ['segment', 'k_15', 'segment', 'segment', one('retail', 'trade', 'public')],
      ['limit', 'k_40', 'credit limit in euros', 'credit limit', ranked(500, 20_000, 50)],
      ['since', 'k_18', 'first purchase date', 'first purchase date|first purchase', date(2021)],
    ],
  ),
  table(
    {
      key: 'orders',
      name: 'b2_vux',
      area: 'sales',
      comment: 'orders',
      one: 'order',
      many: 'orders',
      rows: 60,
    },
    [
      ['number', 'v_02', 'order number', 'order number', id],
      ['customer', 'v_19', 'customer number', 'customer number', refers('customers')],
      ['date', 'v_33', 'order date', 'order date', date(2024)],
      ['status', 'v_08', 'status', 'status', one('open', 'packed', 'shipped', 'cancelled')],
      ['value', 'v_27', 'order value in euros', 'order value|value', ranked(40, 6000, 5)],
      ['channel', 'v_11', 'sales channel', 'sales channel|channel', one('web', 'phone', 'shop')],
    ],
  ),
  table(
    {
      key: 'lines',
      name: 'm4_ost',
      area: 'sales',
      comment: 'order lines',
      one: 'order line',
      many: 'order lines',
      rows: 90,
    },
    [
      ['number', 'o_12', 'line number', 'line number', id],
      ['order', 'o_05', 'order number', 'order number', refers('orders')],
      ['product', 'o_44', 'product number', 'product number', refers('products')],
      ['quantity', 'o_29', 'quantity ordered', 'quantity|quantity ordered', coarse(1, 40, 1)],
      ['price', 'o_36', 'unit price in euros', 'unit price', ranked(1, 250, 0.5)],
      ['packing', 'o_17', 'packing', 'packing', one('box', 'bag', 'pallet', 'loose')],
    ],
  ),
  table(
    {
      key: 'invoices',
      name: 'z1_pel',
      area: 'sales',
      comment: 'invoices',
      one: 'invoice',
      many: 'invoices',
      rows: 50,
    },
    [
      ['number', 'p_09', 'invoice number', 'invoice number', id],
      ['order', 'p_26', 'order number', 'order number', refers('orders')],
      ['issued', 'p_13', 'issue date', 'issue date', date(2024)],
      ['amount', 'p_38', 'amount due in euros', 'amount due|amount', ranked(30, 7000, 5)],
      ['state', 'p_21', 'payment state', 'payment state', one('unpaid', 'paid', 'reminded')],
      [
        'method',
        'p_50',
        'payment method',
        'payment method',
        one('transfer', 'card', 'direct debit'),
      ],
    ],
  ),
  table(
    {
      key: 'returns',
      name: 'h9_nif',
      area: 'sales',
      comment: 'returns',
      one: 'return',
      many: 'returns',
      rows: 30,
    },
    [
      ['number', 'n_04', 'return number', 'return number', id],
      ['order', 'n_28', 'order number', 'order number', refers('orders')],
      ['reason', 'n_16', 'reason', 'reason', one('damaged', 'late', 'wrong item', 'unwanted')],
      ['refund', 'n_35', 'refund in euros', 'refund', ranked(5, 900, 2.5)],
      ['date', 'n_23', 'return date', 'return date', date(2024)],
      ['carrier', 'n_47', 'carrier', 'carrier', one('Posten', 'Velox', 'Trans4')],
    ],
  ),
];

const people: readonly Table[] = [
  table(
    {
      key: 'employees',
      name: 't3_gam',
      area: 'people',
      comment: 'employees',
      one: 'employee',
      many: 'employees',
      rows: 36,
    },
    [
      ['number', 'g_20', 'employee number', 'employee number', id],
      ['name', 'g_03', 'name', 'name', label(given, family)],
      ['department', 'g_41', 'department number', 'department number', refers('departments')],
      [
        'title',
        'g_14',
        'job title',
        'job title',
        one('gardener', 'clerk', 'driver', 'planner', 'manager'),
      ],
      [
        'salary',
        'g_32',
        'yearly salary in euros',
        'yearly salary|salary',
        ranked(28_000, 90_000, 250),
      ],
      ['hired', 'g_25', 'hire date', 'hire date', date(2019)],
    ],
  ),
  table(
    {
      key: 'departments',
      name: 'w8_kol',
      area: 'people',
      comment: 'departments',
      one: 'department',
      many: 'departments',
      rows: 12,
    },
    [
      ['number', 'l_06', 'department number', 'department number', id],
      [
        'name',
        'l_37',
        'name',
        'name',
        label(['North', 'South', 'Inner', 'Outer'], ['Sales', 'Service', 'Logistics']),
      ],
      [
        'budget',
        'l_10',
        'yearly budget in euros',
        'yearly budget|budget',
        ranked(50_000, 900_000, 5000),
      ],
      ['floor', 'l_24', 'floor', 'floor', coarse(0, 6, 1)],
      ['site', 'l_43', 'site', 'site', one('harbour', 'campus', 'mill')],
      ['seats', 'l_19', 'desks available', 'desks available|desks', ranked(4, 60, 1)],
    ],
  ),
  table(
    {
      key: 'absences',
      name: 'x5_dri',
      area: 'people',
      comment: 'absences',
      one: 'absence',
      many: 'absences',
      rows: 44,
    },
    [
      ['number', 'r_30', 'absence number', 'absence number', id],
      ['employee', 'r_08', 'employee number', 'employee number', refers('employees')],
      [
        'kind',
        'r_45',
        'absence kind',
        'absence kind|kind',
        one('illness', 'holiday', 'parental', 'study'),
      ],
      ['days', 'r_17', 'days lost', 'days lost', coarse(1, 30, 1)],
      ['start', 'r_39', 'first day', 'first day', date(2024)],
      ['approver', 'r_22', 'approval', 'approval', one('granted', 'pending', 'refused')],
    ],
  ),
  table(
    {
      key: 'courses',
      name: 'j6_bat',
      area: 'people',
      comment: 'training courses',
      one: 'training course',
      many: 'training courses',
      rows: 16,
    },
    [
      ['number', 'a_11', 'course number', 'course number', id],
      [
        'title',
        'a_34',
        'title',
        'title',
        label(
          ['Basic', 'Advanced', 'Safe', 'Modern'],
          ['Pruning', 'Driving', 'Accounting', 'Grafting', 'Lifting'],
        ),
      ],
      ['hours', 'a_02', 'teaching hours', 'teaching hours|hours', coarse(2, 40, 2)],
      ['fee', 'a_48', 'fee in euros', 'fee', ranked(50, 1800, 10)],
      ['provider', 'a_27', 'provider', 'provider', one('Arbor', 'Lumen', 'Tessera')],
      ['language', 'a_15', 'language', 'language', one('English', 'French', 'German')],
    ],
  ),
  table(
    {
      key: 'exams',
      name: 'e0_wim',
      area: 'people',
      comment: 'exams taken',
      one: 'exam',
      many: 'exams',
      rows: 50,
    },
    [
      ['number', 'w_18', 'exam number', 'exam number', id],
      ['employee', 'w_42', 'employee number', 'employee number', refers('employees')],
      ['course', 'w_07', 'course number', 'course number', refers('courses')],
      ['score', 'w_33', 'score in points', 'score', ranked(20, 100, 0.5)],
      ['result', 'w_26', 'result', 'result', one('passed', 'failed', 'excused')],
      ['date', 'w_51', 'exam date', 'exam date', date(2024)],
    ],
  ),
];

const stock: readonly Table[] = [
  table(
    {
      key: 'products',
      name: 'r2_tes',
      area: 'stock',
      comment: 'products',
      one: 'product',
      many: 'products',
      rows: 40,
    },
    [
      ['number', 's_05', 'product number', 'product number', id],
      [
        'name',
        's_29',
        'name',
        'name',
        label(
          ['Oak', 'Rose', 'Fern', 'Clay', 'Steel', 'Copper', 'Linen'],
          ['Pot', 'Rake', 'Lamp', 'Bench', 'Hose', 'Trellis', 'Seeds'],
        ),
      ],
      ['category', 's_13', 'category', 'category', one('tools', 'plants', 'furniture', 'lighting')],
      ['price', 's_46', 'list price in euros', 'list price|price', ranked(2, 400, 0.5)],
      ['weight', 's_31', 'weight in grams', 'weight', ranked(20, 15_000, 10)],
      ['supplier', 's_20', 'supplier number', 'supplier number', refers('suppliers')],
    ],
  ),
  table(
    {
      key: 'warehouses',
      name: 'k5_zor',
      area: 'stock',
      comment: 'warehouses',
      one: 'warehouse',
      many: 'warehouses',
      rows: 12,
    },
    [
      ['number', 'z_16', 'warehouse number', 'warehouse number', id],
      [
        'name',
        'z_38',
        'name',
        'name',
        label(['East', 'West', 'Quay', 'Field'], ['Depot', 'Barn', 'Shed']),
      ],
      ['town', 'z_03', 'town', 'town', one('Arnhem', 'Brno', 'Cadiz')],
      ['capacity', 'z_27', 'capacity in pallets', 'capacity', ranked(100, 5000, 20)],
      ['climate', 'z_44', 'climate', 'climate', one('cooled', 'heated', 'open air')],
      ['gates', 'z_12', 'loading gates', 'loading gates|gates', coarse(1, 9, 1)],
    ],
  ),
  table(
    {
      key: 'levels',
      name: 'n8_fip',
      area: 'stock',
      comment: 'stock levels',
      one: 'stock level',
      many: 'stock levels',
      rows: 70,
    },
    [
      ['number', 'f_21', 'stock level number', 'stock level number', id],
      ['product', 'f_09', 'product number', 'product number', refers('products')],
      ['warehouse', 'f_35', 'warehouse number', 'warehouse number', refers('warehouses')],
      ['pieces', 'f_50', 'pieces on hand', 'pieces on hand', ranked(0, 600, 1)],
      ['reorder', 'f_14', 'reorder point', 'reorder point', coarse(5, 60, 5)],
      ['zone', 'f_28', 'storage zone', 'storage zone|zone', one('rack', 'yard', 'cellar')],
    ],
  ),
  table(
    {
      key: 'suppliers',
      name: 'y3_mul',
      area: 'stock',
      comment: 'suppliers',
      one: 'supplier',
      many: 'suppliers',
      rows: 18,
    },
    [
      ['number', 'u_10', 'supplier number', 'supplier number', id],
      [
        'name',
        'u_47',
        'name',
        'name',
        label(
          ['Alpen', 'Baltic', 'Delta', 'Nova', 'Vista'],
          ['Trading', 'Growers', 'Metal', 'Timber'],
        ),
      ],
      ['country', 'u_06', 'country', 'country', one('Norway', 'Italy', 'Spain', 'Austria')],
      ['rating', 'u_32', 'quality rating', 'quality rating|rating', ranked(1, 10, 0.1)],
      ['lead', 'u_24', 'lead time in days', 'lead time', coarse(1, 45, 1)],
      ['terms', 'u_53', 'payment terms', 'payment terms', one('prepaid', 'net 30', 'net 60')],
    ],
  ),
  table(
    {
      key: 'deliveries',
      name: 'd6_hax',
      area: 'stock',
      comment: 'deliveries',
      one: 'delivery',
      many: 'deliveries',
      rows: 48,
    },
    [
      ['number', 'x_04', 'delivery number', 'delivery number', id],
      ['supplier', 'x_37', 'supplier number', 'supplier number', refers('suppliers')],
      ['warehouse', 'x_19', 'warehouse number', 'warehouse number', refers('warehouses')],
      ['pieces', 'x_41', 'pieces received', 'pieces received', ranked(10, 2000, 1)],
      ['cost', 'x_08', 'freight cost in euros', 'freight cost|cost', ranked(20, 3000, 5)],
      ['arrived', 'x_25', 'arrival date', 'arrival date', date(2024)],
    ],
  ),
];

export const tables: readonly Table[] = [...sales, ...people, ...stock];

/** A table by its key; an unknown key is a mistake in this example, not in its input. */
export function tableOf(key: string): Table {
  const found = tables.find((candidate) => candidate.key === key);
  if (found === undefined) throw new RangeError(`No table has the key ${key}`);
  return found;
}

export function columnOf(owner: Table, key: string): Column {
  const found = owner.columns.find((candidate) => candidate.key === key);
  if (found === undefined) throw new RangeError(`${owner.key} has no column with the key ${key}`);
  return found;
}
