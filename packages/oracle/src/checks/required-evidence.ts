import { type Check, fail, pass } from "../check.ts";

/** Is every kind of evidence there that the job asks for? */
export const requiredEvidence: Check<"required_evidence"> = {
  name: "required_evidence",
  run({ packet, bundle }) {
    const given = new Set(bundle.items.map((item) => item.kind));
    const required = packet.acceptance.required_evidence;
    const missing = required.filter((kind) => !given.has(kind));
    if (missing.length > 0) {
      return Promise.resolve(
        fail(`The job asks for evidence of the kinds ${required.join(", ")}; ${missing.join(", ")} was not handed in.`),
      );
    }
    return Promise.resolve(
      pass(
        required.length === 0
          ? "The job asks for no particular evidence."
          : `All that is asked for is there: ${required.join(", ")}.`,
      ),
    );
  },
};
