/**
 * Capitalised words that name nobody. Everything else with a capital is taken for a name in an offer, so what is missing
 * here costs a worker a word of the goal, never a customer their name.
 */
const words = `
  a about above account accounts add address admin after again agent all also always am amount an and angry another answer any
  anyone app application apply approve are article as ask asked asks assist at attach attempt available back bad balance be
  because been before being below between bill billed billing book booked booking both bot bought break broken browser bug but
  buy buyer by call called can cancel canceled cancellation cancelled card case cash change changed charge charged chat check
  claim claims clarify class clear client code come company compare complain complaint complete compliance confirm confirmed
  contact content contract correct could country create credit crisis customer customers damaged data date day days deal debit
  decide decline declined defective delay delayed delete deleted deletion deliver delivered delivery deny describe despite did
  different discount dispute do document does done don't double draft due duplicate during each early either eligible email
  engineer error escalate escalated escalation even every evidence exchange expired explain extract fail failed failure file
  final find first fix follow for fraud from full gather general get gift give given go good goods had handle has have he help
  hand her here hi his hello how however human i if image immediately important in incorrect information inquiry instead insurance
  investigate invoice is issue issues it item items its item job judge just keep last late law lawyer legal let letter line link list
  locked log login look lost lower mail make manager many may maybe me medical meeting member message missing mistake monthly
  more most must my name need needed needs never new next no nobody not note nothing now of off offer ok old on once one online
  only open or order ordered orders other our out over package paid parcel partial password past patient pay payment payments
  pending people person phone photo plan please point policy possible previous price privacy problem process product proof
  provide purchase purchased question queue quote rate read reason received receipt recent recipient reference refund refunded
  refunds refuse refused regarding reject remove rental repair repeated replace replaced replacement reply report request
  requested requests research reservation reset resolve respond response result return returned returns review risk said same
  say says schedule screen second seller send sent server service services shall she ship shipment shipped shipping should show
  sign since site so some someone something speak staff standard start statement status step still stop store subject
  subscription such summarise summarize supplier support system take task technical tell terms than that the their them then
  there these they thing this those thread three through ticket time to today tomorrow too tool track tracking transaction
  transcript transfer translate translation trip try two unable under until up update upgrade urgent us use used user users very
  verify via video view visit wait want wanted wants warranty was we website week weekly what when where whether which while who
  whole why will with within without work worker worked works would write written wrong yes yesterday yet you your
  january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
  english german french spanish italian portuguese dutch polish russian ukrainian turkish arabic hindi chinese japanese korean
  euro euros dollar dollars internet
`;

const plainWords = new Set(words.split(/\s+/).filter((word) => word !== ""));

/** Words in capitals that are no names. */
const acronyms = new Set(
  `AI API APP ASAP ATM B2B CEO CRM CSV DNS DOB EU EUR FAQ GDPR CCPA GBP HR HTML HTTP HTTPS ID IT JSON KYC AML LLM NDA OK OTP PDF PIN
   PII POS QA SDK SEPA SLA SMS SQL SSL TV UI UK UN URL US USA USD USDC UTC UX VAT VIP VPN XML`.split(/\s+/),
);

/** @param word as it was written, without punctuation around it */
export function isPlainWord(word: string): boolean {
  return acronyms.has(word) || plainWords.has(word.toLowerCase());
}
