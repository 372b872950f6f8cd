import { AbiCoder, type ErrorFragment, id, Interface, type ParamType, ZeroAddress } from "ethers";
import { describe, expect, it } from "vitest";
import {
  arbitrationPoolInterface,
  arbiterInterface,
  escrowInterface,
  explainCallError,
  explainRevert,
} from "@hireforhumans/protocol";

/** What libraries inside the contracts can throw; none is a caller's doing. */
const INTERNAL = ["AddressEmptyCode", "FailedCall", "InvalidAccountNonce", "InvalidShortString", "StringTooLong"];

const errors = new Map(
  [...escrowInterface.fragments, ...arbitrationPoolInterface.fragments]
    .filter((fragment): fragment is ErrorFragment => fragment.type === "error")
    .filter(({ name }) => !INTERNAL.includes(name))
    .map((fragment) => [fragment.name, fragment]),
);
const errorNames = [...errors.keys()];

function sample({ type }: ParamType): unknown {
  if (type === "address") return ZeroAddress;
  if (type === "bytes32") return id("sample");
  if (type === "string") return "work";
  return 1_000_000n;
}

function revert(name: string, ...args: unknown[]): string {
  return new Interface([errors.get(name)!]).encodeErrorResult(name, args);
}

const reason = (text: string): string => `0x08c379a0${AbiCoder.defaultAbiCoder().encode(["string"], [text]).slice(2)}`;

describe("explainRevert", () => {
  it.each(errorNames)("says in words what %s means", (name) => {
    const { inputs } = errors.get(name)!;
    const args = inputs.map((input) => (input.name === "actual" && input.type === "uint8" ? 7 : sample(input)));
    const refusal = explainRevert(revert(name, ...args));
    expect(refusal?.name).toBe(name);
    expect(refusal?.message).toMatch(/^[A-Z0].* .*\.$/);
    expect(refusal?.message).not.toContain("undefined");
    expect(refusal?.message).not.toContain(`${name}(`);
    if (!["InsufficientGas", "SafeERC20FailedOperation"].includes(name)) {
      expect(refusal?.code).not.toBe("chain_rejected");
    }
  });

  it("names the actual status and those that would do", () => {
    const refusal = explainRevert(revert("WrongStatus", id("job"), 7, (1n << 1n) | (1n << 2n)));
    expect(refusal).toMatchObject({
      code: "wrong_status",
      message: `Job ${id("job")} is paid; it would have to be open or accepted.`,
    });
  });

  it("tells times and amounts as people read them", () => {
    expect(explainRevert(revert("TooLate", id("job"), 1_767_225_600n, 1_767_225_599n))?.message).toBe(
      "It is 2026-01-01T00:00:00.000Z; this was possible until 2025-12-31T23:59:59.000Z.",
    );
    expect(explainRevert(revert("SpendingLimitExceeded", ZeroAddress, 15_375_000n, 3_000_000n, 0n))?.message).toContain(
      "needs 15.375 USDC; its limit has 3.00 USDC left",
    );
  });

  it.each([
    ["ERC20: transfer amount exceeds balance", "insufficient_funds"],
    ["ERC20: transfer amount exceeds allowance", "insufficient_allowance"],
    ["FiatTokenV2: authorization is used or canceled", "authorization_refused"],
    ["FiatTokenV2: invalid signature", "authorization_refused"],
    ["Blacklistable: account is blacklisted", "account_not_allowed"],
    ["Pausable: paused", "unavailable"],
    ["something new", "chain_rejected"],
  ])("knows USDC's %j", (text, code) => {
    const refusal = explainRevert(reason(text));
    expect(refusal?.code).toBe(code);
    expect(refusal?.message).toContain(text);
  });

  it("tells a failed assertion by its code", () => {
    const panic = `0x4e487b71${AbiCoder.defaultAbiCoder().encode(["uint256"], [0x11]).slice(2)}`;
    expect(explainRevert(panic)).toMatchObject({ name: "Panic", code: "chain_rejected", args: { code: "17" } });
  });

  it.each([
    "0x",
    "0x1234",
    "0xdeadbeef",
    "no hex",
    arbiterInterface.encodeErrorResult("Error(string)", ["x"]).slice(0, 6),
  ])("has nothing to say of %s", (data) => {
    expect(explainRevert(data)).toBeUndefined();
  });
});

describe("explainCallError", () => {
  const data = revert("NothingToWithdraw", ZeroAddress);

  it.each([
    ["ethers' own", { code: "CALL_EXCEPTION", data }],
    ["a node's, inside ethers' info", { info: { error: { code: 3, data } } }],
    ["a node's that nests its data", { info: { error: { data: { data } } } }],
    ["one that was wrapped", { cause: { cause: { data } } }],
  ])("finds the bytes in %s error", (_, error) => {
    expect(explainCallError(error)?.name).toBe("NothingToWithdraw");
  });

  it("has nothing to say of a lost connection, or of an error that holds itself", () => {
    const circular: Record<string, unknown> = { message: "socket hang up" };
    circular["cause"] = circular;
    expect(explainCallError(circular)).toBeUndefined();
    expect(explainCallError(undefined)).toBeUndefined();
  });
});
