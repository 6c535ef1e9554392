import { coarse, date, id, label, one, ranked, refers, table } from './table.js';
import type { Table } from './table.js';

export const stock: readonly Table[] = [
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
