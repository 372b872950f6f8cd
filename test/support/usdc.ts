import { BaseContract, type ContractRunner, type ContractTransactionResponse } from "ethers";
import type { BaseContractMethod, ConstantContractMethod } from "ethers";
import { usdcAbi } from "../../scripts/chain/usdc.ts";

type View<A extends unknown[], R> = ConstantContractMethod<A, R>;
type Call<A extends unknown[]> = BaseContractMethod<A, unknown, ContractTransactionResponse>;

/** The part of FiatTokenV2_2 that the tests use. */
interface Methods {
  balanceOf: View<[account: string], bigint>;
  nonces: View<[owner: string], bigint>;
  allowance: View<[owner: string, spender: string], bigint>;
  authorizationState: View<[authorizer: string, nonce: string], boolean>;
  approve: Call<[spender: string, value: bigint]>;
  transfer: Call<[to: string, value: bigint]>;
  mint: Call<[to: string, value: bigint]>;
  blacklist: Call<[account: string]>;
  unBlacklist: Call<[account: string]>;
  pause: Call<[]>;
  unpause: Call<[]>;
  "permit(address,address,uint256,uint256,bytes)": Call<
    [owner: string, spender: string, value: bigint, deadline: bigint, signature: string]
  >;
  "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)": Call<
    [from: string, to: string, value: bigint, validAfter: bigint, validBefore: bigint, nonce: string, signature: string]
  >;
}

export type Usdc = BaseContract & Omit<Methods, keyof BaseContract>;

export function usdcAt(address: string, runner: ContractRunner): Usdc {
  return BaseContract.from<Methods>(address, usdcAbi, runner);
}
