// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ISigning} from "./ISigning.sol";

/// @title Words that are given as the sender, or signed and carried by anyone
/// @dev EIP-712, from an EOA or an ERC-1271 account. An empty signature means: the sender speaks for itself.
abstract contract Signing is ISigning, EIP712 {
    /// @dev By the sender itself where there is no signature.
    function _requireWordOf(
        address signer,
        bytes32 structHash,
        uint256 validUntil,
        bytes calldata signature
    ) internal view {
        if (signature.length == 0) {
            if (msg.sender != signer) revert SenderNotAllowed(msg.sender, signer);
        } else {
            _requireUnexpired(validUntil);
            bytes32 digest = _hashTypedDataV4(structHash);
            if (!_signed(signer, digest, signature)) revert SignatureInvalid(signer, digest);
        }
    }

    function _requireUnexpired(uint256 validUntil) internal view {
        if (block.timestamp > validUntil) revert SignatureExpired(validUntil, block.timestamp);
    }

    /// @dev By an account's own key, or as an ERC-1271 account. The key is asked first: that spares the look at the
    /// account's code, and an EOA that has delegated to code (EIP-7702) still has its key.
    function _signed(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered == signer && signer != address(0)) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
