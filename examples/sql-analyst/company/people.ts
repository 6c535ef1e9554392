import { coarse, date, id, label, one, ranked, refers, table } from './table.js';
import type { Table } from './table.js';

const given = ['Ada', 'Bram', 'Cleo', 'Dina', 'Emil', 'Faye', 'Goran', 'Hanna', 'Ivo', 'Jette'];
const family = ['Aalto', 'Brandt', 'Costa', 'Dubois', 'Ekman', 'Ferrari', 'Garcia', 'Horvat'];

export const people: readonly Table[] = [
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
