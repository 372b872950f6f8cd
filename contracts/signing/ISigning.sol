// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What can be wrong with a word
interface ISigning {
    error SenderNotAllowed(address actual, address expected);
    error SignatureInvalid(address signer, bytes32 digest);
    error SignatureExpired(uint256 validUntil, uint256 blockTime);
}
