import { describe, expect, it } from "vitest";
import { languageCodeOf, LANGUAGES, splitRequirements } from "@hireforhumans/protocol";

describe("splitRequirements", () => {
  it("tells languages from skills, by name or code, in any case", () => {
    expect(splitRequirements(["english", "support_experience", "DE", "pt-BR", " Spanish "])).toEqual({
      languages: ["en", "de", "pt", "es"],
      skills: ["support_experience"],
    });
  });

  it("names each once", () => {
    expect(splitRequirements(["english", "en", "English", "refunds", "refunds"])).toEqual({
      languages: ["en"],
      skills: ["refunds"],
    });
  });

  it("takes what it does not know as a skill, so that nothing asked for is lost", () => {
    expect(splitRequirements(["klingon"])).toEqual({ languages: [], skills: ["klingon"] });
  });
});

describe("languages", () => {
  it("give each name to one code only", () => {
    const names = Object.entries(LANGUAGES).flatMap(([code, each]) => [code, ...each]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ["en-us", "en"],
    ["zh_CN", "zh"],
    ["constructor", undefined],
    ["", undefined],
    ["xx-YY", undefined],
  ])("%j is %s", (text, code) => {
    expect(languageCodeOf(text)).toBe(code);
  });
});
