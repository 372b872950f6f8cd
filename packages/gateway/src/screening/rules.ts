import type { ScreeningRule } from "@hireforhumans/protocol";
import { plain } from "../handoff/scrub.ts";

interface Rule {
  rule: ScreeningRule;
  /** One of these in a sentence refuses the job … */
  asks: RegExp[];
  /** … unless one of these is in it too. */
  unless?: RegExp;
}

/** What is asked not to be done is not asked for; neither is what somebody else did or tried. */
const forbidden = /\b(do not|don't|never|must not|mustn't|without asking|refuse to|not allowed to|no need to)\b/;
const reported =
  /\b(tried|trying|attempt(ed|ing|s)?|someone|somebody|reports|reported|claims|claimed|suspects|says|said|complains|asked us)\b/;

const person =
  "(?:ex|wife|husband|girlfriend|boyfriend|spouse|partner|neighbou?r|woman|man|person|girl|boy|employee|co-?worker|journalist|activist|kid|child|teenager|target|him|her)";
const secret =
  "(?:passwords?|passcodes?|pin codes?|pins?|seed phrases?|recovery phrases?|private keys?|api keys?|one[- ]time (?:codes?|passwords?)|otps?|2fa codes?|(?:verification|security|sms|login) codes?|login (?:details|data)|(?:login|bank|account) credentials|session cookies?)";

/**
 * The seven kinds of task that a study of jobs posted by agents found abused most, as wordings in English. The study's own
 * seven rules flagged 52 of 303 jobs with one false positive: P. Mehta, "Security Risks of AI Agents Hiring Humans",
 * arXiv:2602.19514. Wordings can be avoided; what they stop is what is asked for openly.
 */
const rules: Rule[] = [
  {
    rule: "credentials_sharing",
    asks: [
      new RegExp(
        `\\b(?:share|send|give|tell|provide|forward|hand over|submit|collect|obtain|upload|enter|paste)\\b.{0,60}\\b${secret}\\b`,
      ),
      new RegExp(`\\b(?:log ?in|sign ?in|log on)\\b.{0,40}\\b(?:with|using)\\b.{0,40}\\b${secret}\\b`),
      /\b(?:rent|lend|sell|give)\b.{0,30}\b(?:us |me )?your (?:\w+ )?accounts?\b/,
    ],
    unless:
      /\b(?:reset|resetting|instructions?|how to|guide|steps|policy|changed?|changing|forgot(?:ten)?|new password)\b/,
  },
  {
    rule: "fake_engagement",
    asks: [
      /\b(?:write|post|leave|give|submit|publish|add)\b.{0,50}\b(?:fake|5[- ]?stars?|five[- ]stars?|positive|glowing|great|bad|negative|1[- ]?stars?|one[- ]star)\b.{0,40}\b(?:reviews?|ratings?|testimonials?|comments?|feedback)\b/,
      /\b(?:upvote|downvote|retweet|repost|like and (?:share|subscribe|follow)|subscribe to)\b.{0,40}\b(?:our|my|this|these|the)\b.{0,30}\b(?:posts?|tweets?|accounts?|pages?|channels?|videos?|profiles?|subreddit|instagram|tiktok|youtube)\b/,
      /\bfollow (?:our|my|this|these|the) (?:\w+ )?(?:instagram|tiktok|twitter|youtube|facebook|account|accounts|profile|profiles)\b/,
      /\b(?:sign ?up|register|join)\b.{0,60}\b(?:my|our|this|the) (?:referral|invite|affiliate|promo) (?:link|code)s?\b/,
      /\b(?:fake|bought|buy|boost)\b.{0,20}\b(?:reviews|followers|likes|engagement|upvotes|subscribers)\b/,
    ],
    unless: /\b(?:reply|respond|answer|remove|delete|flag|moderate|investigate)\b/,
  },
  {
    rule: "impersonation",
    asks: [
      /\b(?:pretend|pose|act|claim|present yourself|introduce yourself|call as|speak as)\b.{0,20}\b(?:to be|as|as if you (?:are|were)|that you are|you are)\b.{0,50}\b(?:me|the (?:customer|owner|account holder|tenant|patient|ceo|manager)|an? (?:\w+ )?(?:employee|doctor|lawyer|officer|agent of|policeman|inspector|relative|buyer|journalist|recruiter)|somebody else|someone else|another person|police|(?:the|a) bank|(?:the|a) government)\b/,
      /\bimpersonat(?:e|ing)\b/,
      /\b(?:sit|take|do|attend)\b.{0,30}\b(?:exam|test|interview|video call)\b.{0,40}\b(?:in my name|for me|as me|in (?:his|her|their) name|instead of (?:me|him|her))\b/,
      /\b(?:use|using|show|with)\b.{0,20}\b(?:my|his|her|somebody'?s|someone'?s|a fake|another) (?:identity|id card|passport|name and (?:id|birth))\b/,
    ],
  },
  {
    rule: "bypassing_verification",
    asks: [
      /\b(?:solve|complete|pass|answer|click through)\b.{0,30}\b(?:re)?captchas?\b/,
      /\b(?:bypass|circumvent|get around|evade|defeat|trick|fool|work around|beat)\b.{0,50}\b(?:verification|kyc|identity checks?|id checks?|2fa|two[- ]factor|paywalls?|age (?:check|gate|verification)s?|security checks?|fraud (?:checks?|detection)|bans?|blocks?|moderation|filters?|captchas?|liveness)\b/,
      /\b(?:verify|activate|register|open|create|unlock|confirm)\b.{0,50}\baccounts?\b.{0,40}\b(?:with|using|in|on) your (?:own )?(?:phone|number|name|id|identity|face|selfie|passport|bank)\b/,
      /\b(?:complete|do|pass|go through)\b.{0,30}\b(?:kyc|identity verification|face verification|liveness check)\b.{0,30}\b(?:for (?:me|us|our|my)|on (?:my|our) behalf|in your name)\b/,
    ],
  },
  {
    rule: "surveillance",
    asks: [
      new RegExp(
        `\\b(?:follow|track|watch|stalk|spy on|monitor|photograph|film|tail|shadow)\\b (?:and \\w+ )?(?:my|a|an|the|this|that|his|our)? ?(?:\\w+ )?${person}\\b(?!(?:'s)? (?:\\w+ )?(?:order|parcel|package|delivery|bag|ticket|case|claim|refund|account|record|profile|file|call|down))`,
      ),
      /\b(?:find|find out|figure out|discover|tell me|report)\b.{0,30}\bwhere (?:she|he|my \w+|(?:this|the|that) (?:person|woman|man)) (?:lives?|works?|sleeps?|stays?|goes|parks?)\b/,
      /\b(?:secretly|covertly|discreetly|unnoticed|without (?:her|his|their) (?:knowledge|knowing|consent|noticing))\b.{0,60}\b(?:record|film|photograph|follow|watch|track|take (?:photos|pictures))\b/,
      /\b(?:record|film|photograph|follow|watch|track|take (?:photos|pictures))\b.{0,80}\b(?:secretly|covertly|discreetly|unnoticed|without (?:her|his|their) (?:knowledge|knowing|consent|noticing))\b/,
      /\bhome address (?:and \w+ )?of (?:this|a|the|my|an?) (?:\w+ )?(?:person|woman|man|journalist|judge|employee|ex|activist|politician)\b/,
    ],
  },
  {
    rule: "illegal_goods",
    asks: [
      /\b(?:buy|sell|deliver|ship|pick up|order|obtain|source|transport|carry|smuggle|hide|bring|mail|drop off|make|forge|print)\b.{0,50}\b(?:cocaine|heroin|meth(?:amphetamine)?|mdma|ecstasy|fentanyl|lsd|marijuana|illegal drugs|drugs|firearms?|handguns?|(?<!heat |nail |glue |spray |staple |massage )guns?|ammunition|ammo|explosives?|counterfeit\w*|fake (?:ids?|passports?|documents?|money|bills)|forged \w+|stolen \w+|credit card (?:dumps?|numbers)|ivory|prescription (?:drugs|pills|medicine) without)\b/,
    ],
    unless: /\b(?:drug ?store|refund|return(?:ed)?|recall|report (?:it|this|them) to|complaint)\b/,
  },
  {
    rule: "payment_off_platform",
    asks: [
      /\b(?:i|we)(?:'ll| will| can| would)?(?: also)? (?:pay|send|transfer|wire|tip|reimburse) you\b.{0,80}\b(?:paypal|venmo|cash ?app|zelle|western union|wise|revolut|gift cards?|directly|outside|in cash|bitcoin|your (?:bank|wallet))\b/,
      /\b(?:pay|paid|payment|payout|rest|bonus)\b.{0,40}\b(?:outside|off)(?: of)?(?: the| this)? ?-?(?:platform|escrow|app|site)\b/,
      /\b(?:contact|message|write|text|reach|dm)\b (?:me|us)\b.{0,40}\b(?:telegram|whatsapp|signal|wechat|discord)\b.{0,60}\b(?:pay|paid|payment|bonus|money|more (?:jobs|work))\b/,
      /\b(?:buy|purchase|get)\b.{0,40}\bgift cards?\b.{0,60}\b(?:send|tell|read|photo|scratch|codes?)\b/,
      /\breceive\b.{0,40}\b(?:money|payments?|funds|transfers?|deposits?)\b.{0,40}\byour (?:own )?(?:bank |paypal )?account\b.{0,60}\b(?:forward|send|transfer|withdraw|pass)\b/,
    ],
  },
];

export interface Finding {
  rule: ScreeningRule;
  /** The sentence that asks for it. */
  sentence: string;
}

/** The first thing in a text that nobody may be hired for; undefined where there is none. */
export function screen(text: string): Finding | undefined {
  for (const sentence of sentencesOf(text)) {
    const words = folded(sentence);
    for (const { rule, asks, unless } of rules) {
      const found = asks.find((ask) => asksFor(words, ask));
      if (found !== undefined && unless?.test(words) !== true) return { rule, sentence };
    }
  }
  return undefined;
}

/** Letters of other scripts that look like Latin ones. */
const lookAlikes = new Map(
  Array.from("аеорсухіјѕԁһкмтвнαεορτνικυχ", (letter, index) => [
    letter,
    "aeopcyxijsdhkmtbhaeoptvikux"[index] ?? letter,
  ]),
);

/** In small letters, without accents, marks of style and look-alikes, and without blanks between the letters of a word. */
function folded(sentence: string): string {
  return sentence
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[а-џԁһα-ω]/gu, (letter) => lookAlikes.get(letter) ?? letter)
    .replace(/[*~`_]+(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}])[*~`_]+/gu, "")
    .replace(/(?<![\p{L}\p{N}'])\p{L}(?:[ .-]\p{L}(?![\p{L}\p{N}'])){3,}/gu, (spaced) => spaced.replace(/[ .-]/g, ""))
    .replace(/[’`]/g, "'");
}

/** Said before what is asked, in the same sentence, these turn it round. */
function asksFor(words: string, ask: RegExp): boolean {
  const at = words.search(ask);
  if (at < 0) return false;
  // Up to the last comma or colon: "You must not delay, send me your password" asks for it.
  const before = (
    words
      .slice(Math.max(0, at - 60), at)
      .split(/[,:;]/)
      .at(-1) ?? ""
  ).trim();
  return !forbidden.test(before) && !reported.test(before);
}

/** A line that goes on in small letters was broken by hand, in the middle of a sentence. */
const broken = /(?<=[\p{L}\p{N},])[ \t]*\r?\n[ \t]*(?=\p{Ll})/gu;
const link = /\bhttps?:\/\/[^\s<>"]{1,2000}/giu;

const sentencesOf = (text: string): string[] =>
  [...text.replace(broken, " ").split(/\n+/), ...(text.match(link) ?? []).map(wordsOfLink)]
    .flatMap((line) => plain(line).split(/(?<=[.!?;])\s+/))
    .filter((sentence) => sentence !== "");

/** Where a link leads is not read; what it says is. */
function wordsOfLink(url: string): string {
  const path = url.replace(/^[^:]*:\/\/[^/]*/u, "");
  return path.replace(/%20|[-_/+.?=&]+/g, " ");
}
