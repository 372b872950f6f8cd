import { encodeCommitteeSignature, sortMembers } from "@hireforhumans/protocol";
import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, hexlify, id, toBeHex, type Wallet } from "ethers";
import fc from "fast-check";
import type { VerifierCommittee } from "../../types/ethers-contracts/index.js";
import { accountModes, brokenAccount, keyHolders, type AccountMode } from "../support/committee.ts";
import { ethers } from "../support/network.ts";
import { mirrored } from "../support/signatures.ts";

const MAGIC_VALUE = "0x1626ba7e";
const REFUSED = "0xffffffff";
const DIGEST = id("what is signed");

/** Enough for the longest bytes of these tests, and soon burnt. */
const LIMITED = { gasLimit: 2_500_000n };

const [ann, ben, cal, stranger] = keyHolders(4) as [Wallet, Wallet, Wallet, Wallet];
const members = [ann, ben, cal];

const signatureOf = (wallet: Wallet, digest = DIGEST): string => wallet.signingKey.sign(digest).serialized;

// The entries as the contract reads them, also those that no encoder would make.
const absent = (wallet: Wallet): string => concat(["0x00", wallet.address]);
const byKey = (signature: string): string => concat(["0x01", signature]);
const byAccount = (address: string, signature: string, bytes = dataLength(signature)): string =>
  concat(["0x02", address, toBeHex(bytes, 2), signature]);

function committeeOf(threshold: number, ...addresses: string[]): Promise<VerifierCommittee> {
  return ethers.deployContract("VerifierCommittee", [threshold, sortMembers(addresses)]);
}

/** Asserts an answer: a call that reverts fails the test by its error. */
async function expectRefused(committee: VerifierCommittee, signature: string, digest = DIGEST): Promise<void> {
  expect(await committee.isValidSignature(digest, signature, LIMITED), signature).to.equal(REFUSED);
}

async function expectTaken(committee: VerifierCommittee, signature: string, digest = DIGEST): Promise<void> {
  expect(await committee.isValidSignature(digest, signature, LIMITED)).to.equal(MAGIC_VALUE);
}

describe("isValidSignature of a committee", () => {
  let committee: VerifierCommittee;
  /** Taken by this 2 of 3. */
  const good = concat([byKey(signatureOf(ann)), absent(ben), byKey(signatureOf(cal))]);

  before(async () => {
    committee = await committeeOf(2, ann.address, ben.address, cal.address);
  });

  describe("that are keys, 2 of 3, refuses", () => {
    const refusals: Record<string, string> = {
      nothing: "0x",
      "the signature of one": concat([byKey(signatureOf(ann)), absent(ben), absent(cal)]),
      "all absent": concat(members.map(absent)),
      "a bare signature of one": signatureOf(ann),
      "bare signatures, one behind the other": concat([signatureOf(ann), signatureOf(ben)]),
      "the entries of those who signed only": concat([byKey(signatureOf(ann)), byKey(signatureOf(ben))]),
      "one member's signature twice": concat([byKey(signatureOf(ann)), byKey(signatureOf(ann)), absent(cal)]),
      "one member's signature in another's place too": concat([
        byKey(signatureOf(ann)),
        absent(ben),
        byKey(signatureOf(ann)),
      ]),
      "one member's signature once more behind all": concat([
        byKey(signatureOf(ann)),
        absent(ben),
        absent(cal),
        byKey(signatureOf(ann)),
      ]),
      "members out of order": concat([byKey(signatureOf(cal)), absent(ben), byKey(signatureOf(ann))]),
      "a stranger's signature in an absent member's place": concat([
        byKey(signatureOf(ann)),
        byKey(signatureOf(stranger)),
        absent(cal),
      ]),
      "a stranger's signature beside enough good ones": concat([
        byKey(signatureOf(ann)),
        byKey(signatureOf(ben)),
        byKey(signatureOf(stranger)),
      ]),
      "a signature of another digest": concat([
        byKey(signatureOf(ann)),
        byKey(signatureOf(ben, id("other"))),
        absent(cal),
      ]),
      "the mirrored form of a good signature": concat([
        byKey(signatureOf(ann)),
        byKey(mirrored(signatureOf(ben))),
        absent(cal),
      ]),
      "a signature whose last byte is 0 or 1": concat([
        byKey(signatureOf(ann)),
        byKey(concat([dataSlice(signatureOf(ben), 0, 64), toBeHex(ben.signingKey.sign(DIGEST).yParity, 1)])),
        absent(cal),
      ]),
      "a signature of zeros": concat([byKey(signatureOf(ann)), byKey(`0x${"00".repeat(65)}`), absent(cal)]),
      "a key's signature as an account's": concat([
        byKey(signatureOf(ann)),
        byAccount(ben.address, signatureOf(ben)),
        absent(cal),
      ]),
      "an account's signature that is longer than all that is there": concat([
        byKey(signatureOf(ann)),
        byKey(signatureOf(ben)),
        byAccount(cal.address, "0x1234", 0xffff),
      ]),
      "an entry of an unknown kind": concat([byKey(signatureOf(ann)), byKey(signatureOf(ben)), "0x03", cal.address]),
    };
    for (const [name, signature] of Object.entries(refusals)) {
      it(name, () => expectRefused(committee, signature));
    }

    it("a good signature for another digest", () => expectRefused(committee, good, id("other")));

    it("a good signature that is cut off, wherever", async () => {
      for (let length = 0; length < dataLength(good); length += 1) {
        await expectRefused(committee, dataSlice(good, 0, length));
      }
    });

    it("a good signature with anything behind it", async () => {
      for (const more of ["0x00", "0x01", "0x02", absent(cal), byKey(signatureOf(ben)), good]) {
        await expectRefused(committee, concat([good, more]));
      }
    });

    it("a good signature of which any one byte is another", async () => {
      const bytes = getBytes(good);
      for (const [index, byte] of bytes.entries()) {
        const changed = Uint8Array.from(bytes);
        changed[index] = (byte + 1) % 256;
        await expectRefused(committee, hexlify(changed));
      }
    });

    it("any bytes of any length", async () => {
      const entries = fc.oneof(
        fc.uint8Array({ maxLength: 80 }),
        // What begins like an entry gets further.
        fc.tuple(fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 80 })).map(([kind, rest]) => [kind, ...rest]),
        fc.constantFrom(
          ...[absent(ann), absent(ben), byKey(signatureOf(ann)), byKey(signatureOf(ann))].map((hex) => getBytes(hex)),
        ),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(entries, { maxLength: 6 }), async (parts) => {
          await expectRefused(committee, concat(parts.map((part) => Uint8Array.from(part))));
        }),
        { numRuns: 300 },
      );
    });

    it("fifty thousand bytes", async () => {
      await expectRefused(committee, `0x${"00".repeat(50_000)}`);
      await expectRefused(committee, `0x02${"ff".repeat(50_000)}`);
    });
  });

  describe("that are keys, 2 of 3, takes", () => {
    it("the signatures of any two, and of all three", async () => {
      await expectTaken(committee, good);
      await expectTaken(committee, concat([byKey(signatureOf(ann)), byKey(signatureOf(ben)), absent(cal)]));
      await expectTaken(committee, concat([absent(ann), byKey(signatureOf(ben)), byKey(signatureOf(cal))]));
      await expectTaken(committee, concat(members.map((member) => byKey(signatureOf(member)))));
    });

    it("the key of a member whose account has code by now", async () => {
      await ethers.provider.send("hardhat_setCode", [ann.address, "0x60006000fd"]);
      await expectTaken(committee, good);
      await ethers.provider.send("hardhat_setCode", [ann.address, "0x"]);
    });
  });

  describe("with members that are ERC-1271 accounts", () => {
    /** 2 of 3: two keys, and an account that behaves like this. */
    async function committeeWith(mode: AccountMode) {
      const { address } = await brokenAccount(mode);
      const contract = await committeeOf(2, ann.address, ben.address, address);
      const encode = (...signers: Wallet[]): string =>
        encodeCommitteeSignature({
          digest: DIGEST,
          members: [ann.address, ben.address, address],
          signatures: [
            ...signers.map((signer) => ({ member: signer.address, signature: signatureOf(signer) })),
            { member: address, signature: "0x1234" },
          ],
        });
      return { contract, encode };
    }

    it("takes the one that agrees as one that signed, and no more", async () => {
      const { contract, encode } = await committeeWith("Agree");
      await expectTaken(contract, encode(ann));
      await expectRefused(contract, encode());
    });

    it("refuses an entry of one that agrees, cut off wherever, or of an unknown kind", async () => {
      const { address } = await brokenAccount("Agree");
      const contract = await committeeOf(1, address);
      const agreed = byAccount(address, "0x1234");
      await expectTaken(contract, agreed);
      for (let length = 0; length < dataLength(agreed); length += 1) {
        await expectRefused(contract, dataSlice(agreed, 0, length));
      }
      for (const kind of ["0x01", "0x03", "0xff"]) await expectRefused(contract, concat([kind, dataSlice(agreed, 1)]));
    });

    for (const mode of accountModes.filter((mode) => mode !== "Agree")) {
      it(`takes one in mode ${mode} as one that did not sign, beside whom others can`, async () => {
        const { contract, encode } = await committeeWith(mode);
        await expectRefused(contract, encode(ann));
        await expectTaken(contract, encode(ann, ben));
      });
    }

    it("does not count an account that agrees, but is no member", async () => {
      const { address } = await brokenAccount("Agree");
      await expectRefused(committee, concat([byKey(signatureOf(ann)), byAccount(address, "0x"), absent(cal)]));
    });

    it("does not take an address without code, or the precompile that returns what it is given, for one that agrees", async () => {
      for (const address of [stranger.address, "0x0000000000000000000000000000000000000004"]) {
        const contract = await committeeOf(1, address);
        await expectRefused(contract, byAccount(address, signatureOf(ann)));
        await expectRefused(contract, byAccount(address, "0x"));
      }
    });

    it("takes accounts, keys and a committee as members together", async () => {
      const inner = await committee.getAddress();
      const account = await (await ethers.deployContract("TestERC1271Account", [stranger.address])).getAddress();
      const contract = await committeeOf(3, ann.address, inner, account);
      const encode = (innerSignature: string, ownersSignature: string): string =>
        encodeCommitteeSignature({
          digest: DIGEST,
          members: [ann.address, inner, account],
          signatures: [
            { member: ann.address, signature: signatureOf(ann) },
            { member: inner, signature: innerSignature },
            { member: account, signature: ownersSignature },
          ],
        });
      await expectTaken(contract, encode(good, signatureOf(stranger)));
      await expectRefused(contract, encode(dataSlice(good, 1), signatureOf(stranger)));
      await expectRefused(contract, encode(good, signatureOf(ann)));
    });
  });

  it("of any size and threshold takes what is encoded of enough members, and refuses it of fewer", async () => {
    const wallets = keyHolders(12);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(wallets, { minLength: 1 }).chain((members) =>
          fc.record({
            members: fc.constant(members),
            signers: fc.shuffledSubarray(members),
            threshold: fc.integer({ min: 1, max: members.length }),
          }),
        ),
        async ({ members, signers, threshold }) => {
          const addresses = members.map(({ address }) => address);
          const contract = await committeeOf(threshold, ...addresses);
          const signature = encodeCommitteeSignature({
            digest: DIGEST,
            members: addresses,
            signatures: signers.map((signer) => ({ member: signer.address, signature: signatureOf(signer) })),
          });
          await (signers.length >= threshold ? expectTaken : expectRefused)(contract, signature);
        },
      ),
      { numRuns: 60 },
    );
  });
});
