import { sql } from "kysely";
import { expect, it } from "vitest";
import { createLimits, sweepLimits } from "../../src/http/limits.ts";
import { describeOnDatabases, openTestDatabase } from "../support/database.ts";
import { silentLog } from "../support/log.ts";

describeOnDatabases("the rate limit of strangers", (database) => {
  const limits = (shared: boolean) =>
    createLimits({ db: database().db, log: silentLog, shared, callerPerMinute: 1_000, strangerPerMinute: 4 });

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

  it.each([true, false])("serves the first of what comes at once, of each by itself (shared: %s)", async (shared) => {
    const all = limits(shared);
    const ips = ["198.51.100.1", "198.51.100.2"];
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => all.stranger({ ip: ips[index % 2] })),
    );
    const served = answers.map(({ status }) => status === "fulfilled");
    expect(served).toEqual([...Array<boolean>(8).fill(true), ...Array<boolean>(4).fill(false)]);
  });

  it("begins anew when the minute is over, in all gateways, and forgets who does not come again", async () => {
    const { db } = database();
    const ips = ["192.0.2.1", "192.0.2.2"];
    const first = limits(true);
    for (const ip of ips) for (let request = 0; request < 4; request += 1) await first.stranger({ ip });
    for (const ip of ips) await expect(limits(true).stranger({ ip })).rejects.toMatchObject({ code: "rate_limited" });
    await sql`update rate_limits set expire = 1 where key = any (${ips.map((ip) => `stranger:${ip}`)})`.execute(db);
    for (let request = 0; request < 4; request += 1) await limits(true).stranger({ ip: ips[0] });
    await expect(limits(true).stranger({ ip: ips[0] })).rejects.toMatchObject({ code: "rate_limited" });
    expect(await sweepLimits(db)).toBe(1);
    await limits(true).stranger({ ip: ips[1] });
  });

  it("goes on by its own count where the database does not answer", async () => {
    const gone = await openTestDatabase(database().engine);
    await gone.close();
    const all = createLimits({ db: gone.db, log: silentLog, shared: true, callerPerMinute: 2, strangerPerMinute: 2 });
    await all.caller("key_1");
    await all.caller("key_1");
    await expect(all.caller("key_1")).rejects.toMatchObject({ code: "rate_limited" });
  });
});
