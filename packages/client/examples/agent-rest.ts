import { createClient } from "@hireforhumans/client";

const { HFH_URL = "http://127.0.0.1:3000", HFH_API_KEY = "" } = process.env;
const client = createClient({ baseUrl: HFH_URL, apiKey: HFH_API_KEY });
const job = await client.jobs.create({
  category: "customer_support_escalation",
  description: "The customer was charged twice and is angry. Call back, sort it out, tell us what was agreed.",
  requirements: ["english"],
  reward: "15.00",
  deadline_minutes: 30,
});
console.log(job.job_id, `${job.total} USDC in escrow by ${job.escrow_transaction_hash ?? "a transaction to come"}`);
for await (const event of client.jobs.events(job.job_id)) console.log(event.type, event.resolution ?? "");
