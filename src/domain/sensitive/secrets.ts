/**
 * Where in a text a key, token or password stands. One detector for what must not become a lesson and for
 * what must not be written: a secret that one of them knows and the other does not would leak by the other.
 */

/** A place in a text, in UTF-16 units; `end` is behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A body of a token: what may follow the beginning that tells whose it is. */
const BODY = String.raw`[A-Za-z0-9_-]`;

/** How tokens of vendors begin, each with the least that follows. Beginnings are those of their documents. */
const BEGINNINGS: readonly string[] = [
  String.raw`(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[-_]?${BODY}{16,}`,
  `gh[pousr]_${BODY}{20,}`,
  `github_pat_${BODY}{20,}`,
  `gl(?:pat|oas|rt|cbt|ptt|dt|soat|ft|imt|agent)-${BODY}{16,}`,
  `xox[abeposr]-${BODY}{10,}`,
  `xapp-${BODY}{10,}`,
  `(?:hf|npm|gsk|r8|whsec|glsa|sntrys|sntryu|rdme|lin_api|lin_oauth|figd|figo|ntn|fm2|fo1)_${BODY}{20,}`,
  `secret_${BODY}{32,}`,
  `(?:pplx|xai|NRAK|NRII|NRJS|PMAK|CCIPAT)-${BODY}{20,}`,
  String.raw`SG\.[\w-]{16,}(?:\.[\w-]{16,})?`,
  '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])',
  `AIza${BODY}{30,}`,
  String.raw`ya29\.[\w-]{10,}`,
  `GOCSPX-${BODY}{20,}`,
  `hv[sbr]\\.${BODY}{20,}`,
  'AGE-SECRET-KEY-1[A-Z0-9]{40,}',
  `(?:dop|doo|dor)_v1_${BODY}{32,}`,
  `shp(?:at|ss|ca|pa)_${BODY}{20,}`,
  `sq0(?:atp|csp|idp)-${BODY}{20,}`,
  'dapi[0-9a-f]{32}',
  `pypi-AgEI${BODY}{20,}`,
  'key-[0-9a-f]{32}',
  '(?:AC|SK)[0-9a-f]{32}',
  `ATATT${BODY}{20,}(?:=[0-9A-F]{8})?`,
  `dckr_(?:pat|oat)_${BODY}{20,}`,
  String.raw`\d{8,10}:AA${BODY}{32,}`,
  String.raw`[MNO][\w-]{22,30}\.[\w-]{6}\.[\w-]{27,}`,
  String.raw`eyJ[\w-]{8,400}\.[\w-]{8,4000}\.[\w-]*`,
  String.raw`hooks\.slack\.com/services/[A-Za-z0-9/]{10,}`,
  String.raw`discord(?:app)?\.com/api/webhooks/\d+/[\w-]{10,}`,
];

/** What a password or key is called, in the languages of many consoles; within longer names too. */
const NAME = String.raw`(?:passw(?:or)?d|pwd|passphrase|passcode|secret|(?:api|access|account|private|secret|auth|encryption|signing)[ _-]?key|token|credential|passwort|kennwort|contrase[ñn]a|mot de passe|senha|wachtwoord|l[öo]senord|has[łl]o|parola|пароль|密码|密碼|パスワード|비밀번호)`;
/** What may stand behind the name and still be one: `secret_2`, `tokens`. Not `token_type`. */
const NUMBERED = String.raw`(?:s|_?(?:value|prod|dev|test|\d{1,3}))?`;
/** Quotes may be escaped, in JSON within JSON; a colon may be a wide one. */
const QUOTE = String.raw`\\{0,3}["'\x60“„«]?`;
const SETS = String.raw`${QUOTE}\s{0,3}(?:=>|:=|=|:|：)\s{0,3}${QUOTE}`;
const SAYS = String.raw`\s{1,3}(?:is|are|to|ist|es|est|é|è)\s{1,3}${QUOTE}`;
const VALUE = String.raw`[^\s"'\x60“”«»,;()[\]{}<>\\]{4,200}`;

/** Each with a group `secret`: the part that must not be seen; all else stays. */
const CERTAIN: readonly RegExp[] = [
  /\bpin(?: code| number)?["']?\s{0,3}(?:is|=|:)\s{0,3}["']?(?<secret>\d{4,8})(?!\d)/dgi,
  /:\/\/(?<secret>[^\s/:@]{0,64}:[^\s/@]{1,128})@/dg,
  /:\/\/(?<secret>[0-9a-f]{32})@/dg,
  /\b(?:bearer|basic|ssws|digest)\s+(?=[^\s"']*[\d=])(?<secret>[A-Za-z0-9._~+/=-]{12,})/dgi,
  /\bauthorization["']?\s{0,3}[:=]\s{0,3}["']?(?:[a-z0-9]{2,12}\s+)?(?=[^\s"']*[\d=])(?<secret>[A-Za-z0-9._~+/=-]{8,})/dgi,
  /(?:set-)?\bcookie["']?\s{0,3}:\s{0,3}["']?(?<secret>[^\s"'=]{1,60}=[^\r\n"']{8,})/dgi,
  /[?&;](?:sig|signature|x-amz-signature|x-goog-signature|access_token|code)=(?<secret>[^\s&"'<>]{16,})/dgi,
  /\baccountkey=(?<secret>[A-Za-z0-9+/=]{20,})/dgi,
  /\b(?:mysql|mysqldump|mariadb)\b[^\n]{0,80}?\s-p(?<secret>[^\s-][^\s"']{3,})/dg,
  /\bcurl\b[^\n]{0,200}?\s(?:-u|--user)[\s=]+["']?[^\s:"']{1,64}:(?<secret>[^\s"']{1,128})/dg,
  /(?:api|auth|access|secret|private|client)[ _-]?(?:key|token|secret)(?:[ _-]?id)?\b[^\w\n]{0,8}(?<secret>[0-9a-f]{32,128}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![\w-])/dgi,
];

/** The same, where what follows may be a word of prose or code. */
const NAMED: readonly RegExp[] = [
  new RegExp(String.raw`${NAME}${NUMBERED}(?:${SETS}|${SAYS})(?<secret>${VALUE})`, 'dgiu'),
  /\bsshpass\s+-p\s*["']?(?<secret>[^\s"']{4,})/dg,
  /--(?:password|passphrase|token|secret|api-key)[\s=]+["']?(?<secret>[^\s"'$<{-][^\s"']{5,})/dgi,
];

const PEM =
  /-----BEGIN [A-Z ]{0,30}(?:PRIVATE KEY|CERTIFICATE)(?:[\s\S]*?-----END [A-Z ]{0,40}-----|[\s\S]*)/dg;
const VENDOR = new RegExp(String.raw`(?<![A-Za-z0-9_])(?<secret>${BEGINNINGS.join('|')})`, 'dg');

/** The places of everything that looks like a secret, in reading order, none over another. */
export function secretsIn(text: string): Span[] {
  const found: Span[] = [];
  for (const pattern of [PEM, VENDOR, ...CERTAIN]) {
    for (const { indices } of text.matchAll(pattern))
      add(found, indices?.groups?.['secret'] ?? indices?.[0]);
  }
  for (const pattern of NAMED) {
    for (const { indices, groups } of text.matchAll(pattern)) {
      if (isValue(groups?.['secret'] ?? '')) add(found, indices?.groups?.['secret']);
    }
  }
  for (const match of text.matchAll(RANDOM_TOKEN)) {
    if (isRandom(match[0])) add(found, [match.index, match.index + match[0].length]);
  }
  return merged(found);
}

function add(found: Span[], place: readonly [number, number] | undefined): void {
  if (place !== undefined) found.push({ start: place[0], end: place[1] });
}

function merged(found: readonly Span[]): Span[] {
  const spans: Span[] = [];
  for (const span of [...found].sort((left, right) => left.start - right.start)) {
    const last = spans.at(-1);
    if (last === undefined || span.start >= last.end) spans.push(span);
    else if (span.end > last.end) spans[spans.length - 1] = { start: last.start, end: span.end };
  }
  return spans;
}

/** Words that stand where a value would: kinds, placeholders, where to look it up. */
const NO_VALUE =
  /^(?:null|none|nil|true|false|undefined|string|required|optional|missing|invalid|expired|empty|env|process\.env|os\.environ|\$|%|<|\{|\*{3,}|x{4,}|\.{3}|\[redacted|\[secret|secret$)/i;

/**
 * Behind the name of a password most words are words. A value has a digit beside a letter or a mark, or
 * capitals within, or a mark that no word has.
 */
function isValue(found: string): boolean {
  if (NO_VALUE.test(found)) return false;
  const value = found.replace(/[.:!?]+$/, '');
  if (value.length < 6) return false;
  if (/\d/.test(value)) return /[a-z!@#$%^&*]/i.test(value);
  return /[a-z][A-Z]/.test(value) || /[a-z].*[!@#$%^&*]|[!@#$%^&*].*[a-z]/i.test(found);
}

const RANDOM_TOKEN = /(?<![\w/+-])[A-Za-z0-9+/_-]{20,200}={0,2}(?![\w/+-])/g;
/** Bits a character; prose and names of that length stay below, random keys above. */
const MIN_ENTROPY = 3.7;

/** Random text has capitals, small letters and digits in no order; identifiers have words. */
function isRandom(token: string): boolean {
  const isMixed = /[a-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token);
  const changes = token.match(/[a-z][A-Z0-9]|[A-Z][a-z0-9]|\d[A-Za-z]/g)?.length ?? 0;
  return isMixed && changes >= token.length / 4 && entropyOf(token) >= MIN_ENTROPY;
}

function entropyOf(token: string): number {
  const counts = new Map<string, number>();
  for (const letter of token) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    bits -= (count / token.length) * Math.log2(count / token.length);
  }
  return bits;
}
