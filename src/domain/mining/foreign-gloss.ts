/**
 * Words to the reader in languages other than English. Two kinds are told apart from names without knowing
 * the language: what holds at all times (`immer`, `toujours`), which no name of a thing says, and verbs
 * in the form of a command, where no noun is written so.
 */

/** A text as glosses are read: accents gone, small letters, letters and digits alone. */
export function readGloss(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Always and never, and what the reader must. */
const AT_ALL_TIMES =
  'immer|stets|niemals|unbedingt|jedes mal|musst|sollst|toujours|jamais|dois|siempre|nunca|jamas|debes|sempre|jamais|devi|mai piu|altijd|nooit|alltid|aldrig|aldri|altid|zawsze|nigdy|musisz|vzdy|nikdy|musis|mereu|niciodata|mindig|soha|aina|koskaan|всегда|никогда|обязательно|завжди|ніколи|her zaman|hicbir zaman|daima|asla|mutlaka|selalu|jangan|luon|khong bao gio|hay luon|siku zote|daima|παντα|ποτε μη|πρεπει';

/** Commands of one person to another, as they are written with and without accents. */
const COMMANDS =
  // German
  'antworte|antworten sie|schreib|schreibe|sende|senden sie|schick|schicke|uberweise|ueberweise|gib|geben sie|zeig|zeige|losche|loesche|ignorier|ignoriere|ignorieren sie|vergiss|fuhre|fuehre|nutze|verwende|benutze|rufe|setze|andere alle|erstatte|bestatige|bestaetige|genehmige|offne|oeffne|ubersetze|uebersetze|wiederhole|behandle|bevorzuge|nimm|lass|' +
  // French
  'envoie|envoyez|ecris|ecrivez|reponds|repondez|donne|donnez|supprime|supprimez|ignore|ignorez|oublie|oubliez|transfere|transferez|dites|utilise|utilisez|appelle|appelez|accepte|acceptez|montrez|revele|revelez|traduis|traduisez|approuve|approuvez|efface|effacez|fais|faites|prends|prenez|vire|virez|versez|rembourse|remboursez|' +
  // Spanish
  'envia|envie|escribe|responde|responda|borra|borre|elimina|elimine|transfiere|transfiera|dile|utiliza|utilice|llama|llame|ignora|olvida|olvide|muestre|revela|revele|traduce|traduzca|aprueba|apruebe|acepta|acepte|reembolsa|reembolse|haz|manda|mande|' +
  // Italian, Portuguese
  'invia|inviate|scrivi|scrivete|rispondi|rispondete|cancella|trasferisci|trasferite|chiama|rivela|traduci|approva|accetta|dimentica|rimborsa|fai|escreva|responda|apague|transfira|chame|mostre|revele|traduza|aprove|aceite|esqueca|reembolse|faca|mande|' +
  // Dutch, Scandinavian
  'stuur|schrijf|geef|verwijder|negeer|vergeet|gebruik altijd|vertaal|keur|betaal|skicka|skriv|svara|ge alla|radera|ignorera|glom|anvand|visa alla|oversatt|godkann|betala|slett|slet|glem|' +
  // Polish, Czech, Romanian
  'wyslij|napisz|usun|przelej|pokaz|zignoruj|ignoruj|zapomnij|przetlumacz|zatwierdz|zwroc wszystk\\p{L}+|posli|odpovez|napis|smaz|prevede|ukaz|zapomen|schval|trimite|raspunde|scrie|sterge|transfera|arata|ignora|uita|aproba|' +
  // Russian, Ukrainian
  'отправь|отправляи|отправьте|ответь|отвечаи|отвечаите|напиши|пиши|удали|удаляи|переведи|переводи|переведите|поставь|ставь|покажи|показываи|игнорируи|забудь|используи|вызови|скажи|даи|даваи|сделаи|одобри|верни|подтверди|выполни|надішли|відповідаи|напиши|видали|переведи|постав|покажи|ігноруи|забудь|' +
  // Turkish, Indonesian, Vietnamese
  'kirim|kirimkan|jawab|tulis|hapus|abaikan|lupakan|tunjukkan|setujui|terjemahkan|gui het|xoa het|tra loi|bo qua';
/** Where the verb ends the sentence. */
const LAST_COMMANDS =
  'gonder|gonderin|yaz|yazin|sil|silin|cevapla|yanitla|aktar|onayla|yok say|unut|goster';

/** Scripts that part no words, and words of others that are read as they are written. */
const WRITTEN: readonly RegExp[] = [
  /^(?:不要|务必|请(?:回答|将|把|不要|发|忽略|你)|把所有|将所有|假装)|总是|總是|永远|永遠|始终|始終|一律|忽略|无视|把.{0,8}(?:发给|發給|转到|轉到|交给|交給|删|刪)/u,
  /ください|下さい|しなさい|せよ$|しろ$|送れ$|必ず|常に|いつも|無視し/u,
  /하세요|하십시오|해라$|하라$|보내라|항상|반드시|무시하/u,
  /(?<![\p{L}\p{M}])(?:دائم[اًا]|ابدا|أبدا|تجاهل|[أا]رسل|احذف|اكتب|همیشه|هرگز|نادیده|بفرست)(?![\p{L}\p{M}])/u,
  /(?<![\p{L}\p{M}])(?:हमेशा|कभी नहीं|करो|कीजिए|भेजो|अनदेखा)(?![\p{L}\p{M}])/u,
  /เสมอ|ห้าม|จงตอบ|จงส่ง|โปรด/u,
  /(?<!\p{L})(?:תמיד|לעולם|התעלם|שלח את)(?!\p{L})/u,
];

const SPEAKS: readonly RegExp[] = [
  new RegExp(`(?<!\\p{L})(?:${AT_ALL_TIMES})(?!\\p{L})`, 'u'),
  new RegExp(
    `^(?:bitte |s il vous plait |por favor |per favore |please )?(?:${COMMANDS})(?!\\p{L})(?= )`,
    'u',
  ),
  new RegExp(` (?:${LAST_COMMANDS})$`, 'u'),
];

/** Whether words in another language than English speak to their reader. */
export function speaksForeign(gloss: string): boolean {
  const [read, written] = [readGloss(gloss), gloss.normalize('NFC')];
  return (
    SPEAKS.some((pattern) => pattern.test(read)) || WRITTEN.some((pattern) => pattern.test(written))
  );
}
