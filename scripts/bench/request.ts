/** A job as a support agent posts it: a conversation of some turns, two requirements, a webhook. */
export const jobRequest = (webhookUrl: string) => ({
  category: "customer_support_escalation",
  description: "The customer was charged twice for an order and asks for a person. Find out and settle it.",
  context: {
    customer_id: "c_1042",
    conversation_history: Array.from({ length: 8 }, (_, turn) => ({
      role: turn % 2 === 0 ? "customer" : "agent",
      content: `Turn ${turn}: I was charged twice for order 7781 and nobody could tell me why, so I ask once more.`,
    })),
  },
  requirements: ["english", "support_experience"],
  reward: "1.00",
  currency: "USDC" as const,
  deadline_minutes: 240,
  webhook_url: webhookUrl,
});
