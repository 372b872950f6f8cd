import { expect, it } from "vitest";
import { createLimits } from "../../src/http/limits.ts";
import { describeOnDatabases } from "../support/database.ts";

describeOnDatabases("the rate limit of strangers", (database) => {
  const limits = (shared: boolean) =>
    createLimits({ db: database().db, shared, callerPerMinute: 1_000, strangerPerMinute: 4 });

  it.each([true, false])("counts what one household has as one (shared: %s)", async (shared) => {
    const all = limits(shared);
    const household = shared ? "2001:db8:1:2" : "2001:db8:1:3";
    for (const interfaceId of [":3:4:5:6", "::1", "::ffff", ":0:0:0:7"])
      await all.stranger({ ip: household + interfaceId });
    const another = all.stranger({ ip: `${household}:ffff:ffff:ffff:ffff` });
    await expect(another).rejects.toMatchObject({ code: "rate_limited" });
    await all.stranger({ ip: "2001:db8:1:4::1" });
  });

  it("counts an IPv4 address as itself, mapped into IPv6 or not, and holds its neighbours to nothing", async () => {
    const all = limits(false);
    for (const ip of ["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", "::FFFF:203.0.113.7"])
      await all.stranger({ ip });
    await expect(all.stranger({ ip: "203.0.113.7" })).rejects.toMatchObject({ code: "rate_limited" });
    await all.stranger({ ip: "::ffff:203.0.113.8" });
    await all.stranger({ ip: "fe80::1%eth0" });
    await all.stranger({ ip: undefined });
  });
});
