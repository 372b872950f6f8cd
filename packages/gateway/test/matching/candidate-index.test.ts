import { expect, it } from "vitest";
import type { Requirements } from "../../src/jobs/requirements.ts";
import { CandidateIndex } from "../../src/matching/candidates.ts";

const asking = (skill: string): Requirements => ({
  domain: "support",
  tier: "general",
  skills: [skill],
  languages: [],
  certifications: [],
  countriesAllow: [],
  countriesDeny: [],
  minReputation: 0n,
  poolId: null,
});

function put(index: CandidateIndex, workerId: string, skills: readonly string[]): void {
  const worker = { workerId, revision: 1, country: null, idleSinceMs: 0, scores: [] };
  const profiles = skills.map((skill) => ({
    profileId: `${workerId} ${skill}`,
    domain: "support",
    tier: 0,
    reputation: 0.5,
    skills: 1,
    firstLanguage: null,
    tags: [`skill:${skill}`],
  }));
  index.put(worker, profiles);
}

it("keeps no tag that nobody has any more, and finds whoever comes after", () => {
  const index = new CandidateIndex();
  put(index, "who stays", ["billing"]);
  const tags = index.tags;
  for (let round = 0; round < 3; round += 1) {
    for (let each = 0; each < 100; each += 1) put(index, `who goes ${each}`, [`skill ${round} ${each}`, "billing"]);
    expect(index.tags).toBe(tags + 100);
    expect(index.find(asking(`skill ${round} 7`), 0)).toMatchObject([{ workerId: "who goes 7" }]);
    for (let each = 0; each < 100; each += 1) put(index, `who goes ${each}`, []);
    expect(index.tags).toBe(tags);
    expect(index.find(asking(`skill ${round} 7`), 0)).toEqual([]);
    expect(index.find(asking("billing"), 0)).toMatchObject([{ workerId: "who stays" }]);
  }
});
