import { coarse, date, id, label, one, ranked, refers, table } from './table.js';
import type { Table } from './table.js';

export const sales: readonly Table[] = [
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
