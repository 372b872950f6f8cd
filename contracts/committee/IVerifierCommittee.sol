// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A committee of verifiers
/// @notice An ERC-1271 account for which M of N members sign, so that a job's terms can name it as their verifier. A member
/// signs what a single verifier would: the escrow's `Verdict`. Whoever carries the verdict puts the signatures together.
///
/// Promise: members and threshold are what they were at deployment, for ever. So nothing that a funded job relies on can
/// change. Other members are another committee; this one can name it, once, by the word of M members, for jobs to come.
///
/// Assumption: a member signs only what names its job or its committee. A `Verdict` does: the job is the hash of its terms,
/// and they name one verifier. So a member's signature for a job of this committee is worth nothing to another one.
///
/// Warning: a member that is itself an ERC-1271 account can change who signs for it. This contract can't see that.
/// Warning: the escrow refuses the committee as a job's worker, not its members. Who assigns workers has to.
/// Warning: once more than N - M members are lost there is no verdict any more; the escrow then takes it for silence.
interface IVerifierCommittee is IERC1271 {
    error ThresholdOutOfRange(uint256 actual, uint256 min, uint256 max);
    /// @dev Members come in ascending order, which leaves no room for the zero address or for one that is named twice.
    error MemberOutOfOrder(uint256 index, address actual, address previous);
    error SuccessorAlreadyNamed(address actual);
    error SuccessorNotAllowed(address actual);
    error SignatureInvalid(address signer, bytes32 digest);
    error SignatureExpired(uint256 validUntil, uint256 blockTime);

    event SuccessorNamed(address indexed successor);

    /// @notice The magic value of ERC-1271 where at least `threshold()` members signed, else 0xffffffff; no bytes revert.
    /// @param signature One entry for each member, in the order of `members()`, and nothing more:
    /// - 0x00, address (20 bytes): has not signed;
    /// - 0x01, ECDSA signature (65 bytes: r, s, v): signed by its own key, which also tells who it is;
    /// - 0x02, address (20 bytes), length (2 bytes, big-endian), signature: signed as an ERC-1271 account.
    /// A bad signature of a key spoils them all; an account that does not confirm its own counts as not having signed.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);

    /// @notice Names, once, the committee that takes new jobs in place of this one. Here nothing changes. By anyone, with
    /// the members' EIP-712 word `NameSuccessor(address successor,uint256 validUntil)` over this contract's domain
    /// ("HireForHumans VerifierCommittee", "1"), put together as for `isValidSignature`.
    /// @param next Another contract that is there already.
    /// @param validUntil The last second in which the word may be used.
    function nameSuccessor(address next, uint256 validUntil, bytes calldata signature) external;

    /// @notice The committee that takes new jobs; zero while none is named.
    function successor() external view returns (address);

    /// @notice How many members have to sign.
    function threshold() external view returns (uint256);

    /// @notice In ascending order.
    function members() external view returns (address[] memory);
}
