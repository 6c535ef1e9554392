/**
 * "Ignore your instructions" in languages other than English. The first are read folded: small letters, no
 * accents; the others as they are written, in small letters. Close enough to be one phrase, and within one
 * sentence, so that a lesson that names both words apart is left alone.
 */
export const FOREIGN_FOLDED: readonly RegExp[] = [
  /\b(?:ignoriere?n?|missachte|vergiss|ignorez?|oubliez?|ignora[rd]?|olvida|ignore[zm]|esqueca|dimentica|negeer)\b.{0,40}\b(?:anweisung(?:en)?|vorgaben|regeln|instructions?|consignes|instrucciones|reglas|istruzioni|regole|instrucoes|regras|instructies)\b/,
  // Turkish, Vietnamese, Indonesian and Malay, Polish, the Scandinavian languages, Czech, Romanian.
  /\b(?:talimat|kural|yonerge|komut)\p{L}{0,10}.{0,30}\b(?:yok say|gormezden gel|unut|dikkate alma|onemseme)/u,
  /\b(?:bo qua|phot lo|quen di|lo di)\b.{0,40}\b(?:huong dan|chi dan|chi thi|quy tac|menh lenh|lenh)\b/,
  /\b(?:abaikan|lupakan|hiraukan)\b.{0,40}\b(?:instruksi|perintah|aturan|arahan|petunjuk)\b/,
  /\b(?:zignoruj|ignoruj|zapomnij|pomin|zlekcewaz)\b.{0,40}\b(?:instrukcj|polecen|zasad|regul)/,
  /\b(?:ignorera|ignorer|glom|glem|bortse|se bort)\b.{0,40}\b(?:instruktion|instruks|regler|anvisning|anvisninger)/,
  /\b(?:ignoruj|zapomen)\b.{0,40}\b(?:pokyny|pokyn|instrukce|pravidla)/,
  /\b(?:ignora|ignorati|uita)\b.{0,40}\b(?:instructiunile|instructiuni|regulile)\b/,
];

const WRITTEN: readonly RegExp[] = [
  // Russian and Ukrainian.
  /(?:игнорир|забудь|забыть|не обращай внимания)[^.!?\n]{0,40}(?:инструкц|указани|правил|команд)|игнорируй|игнорировать/u,
  /(?:ігнору|забудь)[^.!?\n]{0,40}(?:інструкц|вказівк|правил|команд)/u,
  // Chinese, Japanese, Korean.
  /(?:忽略|无视|無視|忽視|忘记|忘記)[^。！？\n]{0,20}(?:指令|指示|规则|規則|说明|說明|提示)/u,
  /(?:指示|命令|ルール|規則|指令|プロンプト)[^。！？\n]{0,12}(?:無視|忘れ)/u,
  /(?:지시|지침|명령|규칙|프롬프트)[^.!?\n]{0,20}(?:무시|잊)/u,
  // Arabic and Persian.
  /(?:تجاهل|انس|اهمل|أهمل)[^.!?؟\n]{0,40}(?:تعليمات|التعليمات|الأوامر|أوامر|القواعد|توجيهات)/u,
  /(?:دستور|دستورالعمل|قوانین|قواعد)[^.!?؟\n]{0,40}(?:نادیده|فراموش)/u,
  // Hindi, Thai, Hebrew, Greek.
  /(?:निर्देश|आदेश|नियम|हिदायत)[^।.!?\n]{0,40}(?:अनदेखा|अनदेखी|नज़रअंदाज़|नजरअंदाज|भूल|उपेक्षा)/u,
  /(?:เพิกเฉย|ละเว้น|ลืม|ไม่ต้องสนใจ|ไม่สนใจ)[^\n]{0,40}(?:คำสั่ง|คำแนะนำ|กฎ)/u,
  /(?:התעלם|התעלמי|שכח)[^.!?\n]{0,40}(?:הוראות|ההוראות|כללים|הכללים)/u,
  /(?:αγνόησε|ξέχασε|αγνοήστε)[^.!;\n]{0,40}(?:οδηγίες|εντολές|κανόνες)/u,
];

/** In the form in which texts are read. */
export const FOREIGN_WRITTEN: readonly RegExp[] = WRITTEN.map(
  ({ source, flags }) => new RegExp(source.normalize('NFKC'), flags),
);
