/**
 * Numbers that states give to people. Most have a check digit, which keeps dates, prices and order numbers
 * apart from them; where a number is digits alone and the check is one in ten, its name has to stand before
 * it. Forms and checks are those of the issuing authorities, as Wikipedia's articles of these names give them.
 */

export interface IdForm {
  readonly pattern: RegExp;
  /** Whether what was found is one; the group `id` where the pattern has it, else the whole. */
  readonly isOne: (found: string) => boolean;
}

const always = (): boolean => true;

export const NATIONAL_IDS: readonly IdForm[] = [
  // United States, social security number.
  { pattern: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g, isOne: always },
  {
    pattern: /\b(?:ssn|social security)\b\D{0,20}(?<id>\d{3}[ -]?\d{2}[ -]?\d{4})(?!\d)/gi,
    isOne: always,
  },
  // United Kingdom, national insurance number.
  {
    pattern:
      /(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)/g,
    isOne: always,
  },
  // France, NIR.
  {
    pattern:
      /(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\d)/g,
    isOne: isNir,
  },
  // Germany, tax number of a person.
  { pattern: named('steuer-?(?:id|nummer|identifikationsnummer)|tax id', 11), isOne: isIso7064 },
  // Spain, DNI and NIE.
  { pattern: /(?<!\w)(?:\d{8}|[XYZ]\d{7})-?[A-Z](?!\w)/g, isOne: isDni },
  // Italy, codice fiscale.
  {
    pattern: /(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)/g,
    isOne: isCodiceFiscale,
  },
  // Brazil, CPF.
  { pattern: /(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)/g, isOne: isCpf },
  { pattern: named('cpf', 11), isOne: isCpf },
  // India, Aadhaar and the PAN of a person.
  { pattern: /(?<![\d-])[2-9]\d{3} \d{4} \d{4}(?![\d-])/g, isOne: isAadhaar },
  { pattern: named('aadhaar', 12), isOne: isAadhaar },
  { pattern: /(?<!\w)[A-Z]{3}P[A-Z]\d{4}[A-Z](?!\w)/g, isOne: always },
  // Netherlands, BSN; Poland, PESEL; Japan, my number.
  { pattern: named('bsn|burgerservicenummer', 9), isOne: isBsn },
  { pattern: named('pesel', 11), isOne: isPesel },
  { pattern: named('my number|マイナンバー|個人番号', 12), isOne: always },
  // Sweden, personnummer; Finland, henkilötunnus.
  { pattern: /(?<![\d-])(?:19|20)?\d{6}[-+]\d{4}(?![\d-])/g, isOne: isPersonnummer },
  { pattern: /(?<!\w)\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?!\w)/g, isOne: isHetu },
  // China, resident identity; Korea, resident registration.
  { pattern: /(?<!\d)\d{17}[\dXx](?!\w)/g, isOne: isChineseId },
  { pattern: /(?<![\d-])\d{6}-[1-8]\d{6}(?![\d-])/g, isOne: (found) => isYearMonthDay(found) },
  // A passport, by its name.
  {
    pattern:
      /\b(?:passport|reisepass|passeport|pasaporte)(?: (?:no|number|nr|nummer|id))?\b[\s.:#=]{0,4}(?:is )?(?<id>(?=[A-Z0-9]*\d{2})[A-Z0-9]{7,9})(?!\w)/gi,
    isOne: (found) => /\d/.test(found),
  },
];

function named(names: string, digits: number): RegExp {
  return new RegExp(
    String.raw`\b(?:${names})\b\D{0,16}(?<id>\d(?:[ .-]?\d){${String(digits - 1)}})(?!\d)`,
    'giu',
  );
}

function digitsOf(found: string): number[] {
  return (found.match(/\d/g) ?? []).map(Number);
}

function weighed(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (digits[at] ?? 0), 0);
}

/** Key 97 less the number modulo 97; 2A and 2B of Corsica count as 19 and 18. */
function isNir(found: string): boolean {
  const plain = found.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
  return 97n - (BigInt(plain.slice(0, 13)) % 97n) === BigInt(plain.slice(13));
}

/** ISO 7064, modulo 11,10. */
function isIso7064(found: string): boolean {
  const digits = digitsOf(found);
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digits.at(-1);
}

function isDni(found: string): boolean {
  const plain = found.replace('-', '').replace(/^[XYZ]/, (first) => String('XYZ'.indexOf(first)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(plain.slice(0, -1)) % 23] === plain.at(-1);
}

const ODD_PLACES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

function isCodiceFiscale(found: string): boolean {
  const sum = Array.from(found.slice(0, 15)).reduce((total, letter, at) => {
    const value = Number.parseInt(letter, 36);
    const place = value > 9 ? value - 10 : value;
    return total + (at % 2 === 0 ? (ODD_PLACES[place] ?? 0) : place);
  }, 0);
  return String.fromCharCode(65 + (sum % 26)) === found.at(-1);
}

function isCpf(found: string): boolean {
  const digits = digitsOf(found);
  if (new Set(digits).size === 1) return false;
  return [9, 10].every((count) => {
    const weights = Array.from({ length: count }, (_, at) => count + 1 - at);
    return ((weighed(digits, weights) * 10) % 11) % 10 === digits[count];
  });
}

/** Verhoeff (1969): the dihedral group of a pentagon, and a permutation by place. */
function isAadhaar(found: string): boolean {
  const permuted = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  let check = 0;
  digitsOf(found)
    .reverse()
    .forEach((digit, place) => {
      let at = digit;
      for (let times = 0; times < place % 8; times += 1) at = permuted[at] ?? 0;
      check = dihedral(check, at);
    });
  return check === 0;
}

function dihedral(left: number, right: number): number {
  if (left < 5) return right < 5 ? (left + right) % 5 : 5 + ((left + right - 5) % 5);
  return right < 5 ? 5 + ((left - 5 - right + 10) % 5) : (left - right + 10) % 5;
}

function isBsn(found: string): boolean {
  return weighed(digitsOf(found), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

function isPesel(found: string): boolean {
  return weighed(digitsOf(found), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

function isPersonnummer(found: string): boolean {
  const plain = digitsOf(found).slice(-10);
  if (!isYearMonthDay(plain.join(''))) return false;
  const sum = plain.reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

function isHetu(found: string): boolean {
  const day = Number(found.slice(0, 2));
  const month = Number(found.slice(2, 4));
  if (!isMonthDay(month, day)) return false;
  const rest = Number(found.slice(0, 6) + found.slice(7, 10)) % 31;
  return '0123456789ABCDEFHJKLMNPRSTUVWXY'[rest] === found.at(-1);
}

function isChineseId(found: string): boolean {
  const digits = digitsOf(found.slice(0, 17));
  if (!/^(?:19|20)$/.test(found.slice(6, 8)) || !isYearMonthDay(found.slice(8, 14))) return false;
  const rest = weighed(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
  return '10X98765432'[rest] === found.at(-1)?.toUpperCase();
}

/** YYMMDD at the beginning. */
function isYearMonthDay(found: string): boolean {
  return isMonthDay(Number(found.slice(2, 4)), Number(found.slice(4, 6)));
}

function isMonthDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
