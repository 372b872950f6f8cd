/** Languages by ISO 639-1 code: English name first, then other names that requirements use. */
export const LANGUAGES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  af: ["afrikaans"],
  am: ["amharic"],
  ar: ["arabic"],
  az: ["azerbaijani"],
  be: ["belarusian"],
  bg: ["bulgarian"],
  bn: ["bengali", "bangla"],
  bs: ["bosnian"],
  ca: ["catalan"],
  cs: ["czech"],
  cy: ["welsh"],
  da: ["danish"],
  de: ["german", "deutsch"],
  el: ["greek"],
  en: ["english"],
  es: ["spanish", "espanol", "español", "castilian"],
  et: ["estonian"],
  eu: ["basque"],
  fa: ["persian", "farsi"],
  fi: ["finnish"],
  fr: ["french", "francais", "français"],
  ga: ["irish"],
  gl: ["galician"],
  gu: ["gujarati"],
  he: ["hebrew"],
  hi: ["hindi"],
  hr: ["croatian"],
  hu: ["hungarian"],
  hy: ["armenian"],
  id: ["indonesian"],
  is: ["icelandic"],
  it: ["italian", "italiano"],
  ja: ["japanese"],
  ka: ["georgian"],
  kk: ["kazakh"],
  km: ["khmer"],
  kn: ["kannada"],
  ko: ["korean"],
  lt: ["lithuanian"],
  lv: ["latvian"],
  mk: ["macedonian"],
  ml: ["malayalam"],
  mn: ["mongolian"],
  mr: ["marathi"],
  ms: ["malay"],
  my: ["burmese"],
  ne: ["nepali"],
  nl: ["dutch", "flemish"],
  no: ["norwegian"],
  pa: ["punjabi"],
  pl: ["polish"],
  pt: ["portuguese", "portugues", "português"],
  ro: ["romanian", "moldovan"],
  ru: ["russian"],
  si: ["sinhala", "sinhalese"],
  sk: ["slovak"],
  sl: ["slovenian", "slovene"],
  sq: ["albanian"],
  sr: ["serbian"],
  sv: ["swedish"],
  sw: ["swahili"],
  ta: ["tamil"],
  te: ["telugu"],
  th: ["thai"],
  tl: ["tagalog", "filipino"],
  tr: ["turkish"],
  uk: ["ukrainian"],
  ur: ["urdu"],
  uz: ["uzbek"],
  vi: ["vietnamese"],
  yo: ["yoruba"],
  zh: ["chinese", "mandarin"],
  zu: ["zulu"],
};

const codeByName = new Map(
  Object.entries(LANGUAGES).flatMap(([code, names]) => [code, ...names].map((name): [string, string] => [name, code])),
);

/**
 * The ISO 639-1 code of a language named in English or by code, in any case and with any region ("en-US"), or undefined.
 * @example languageCodeOf("English") // "en"
 */
export function languageCodeOf(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return codeByName.get(name) ?? codeByName.get(/^([a-z]{2})[-_][a-z]{2}$/.exec(name)?.[1] ?? "");
}

/**
 * Splits a job's `requirements`, which mix languages and skills. A known language's name or code is a language; all
 * else is a skill. Both come back without repetition.
 * @example splitRequirements(["english", "support_experience"]) // { languages: ["en"], skills: ["support_experience"] }
 */
export function splitRequirements(requirements: readonly string[]): { languages: string[]; skills: string[] } {
  const languages = new Set<string>();
  const skills = new Set<string>();
  for (const requirement of requirements) {
    const code = languageCodeOf(requirement);
    if (code === undefined) skills.add(requirement);
    else languages.add(code);
  }
  return { languages: [...languages], skills: [...skills] };
}
