// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the escrow uses of Circle's USDC (FiatTokenV2_2)
/// @notice Its variants of EIP-2612 and EIP-3009 take a signature as bytes, so that ERC-1271 accounts can sign too.
interface IUsdc is IERC20 {
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
