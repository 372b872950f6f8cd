// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IVerifierCommittee} from "./IVerifierCommittee.sol";

/// @title VerifierCommittee
/// @notice See `IVerifierCommittee` for the promise, the assumption and the warnings.
contract VerifierCommittee is IVerifierCommittee, EIP712 {
    bytes32 private constant NAME_SUCCESSOR_TYPEHASH = keccak256("NameSuccessor(address successor,uint256 validUntil)");

    bytes1 private constant ABSENT = 0x00;
    bytes1 private constant KEY = 0x01;
    bytes1 private constant ACCOUNT = 0x02;

    uint256 private constant ABSENT_BYTES = 1 + 20;
    uint256 private constant KEY_BYTES = 1 + 65;
    /// Without its signature.
    uint256 private constant ACCOUNT_BYTES = 1 + 20 + 2;

    uint256 private immutable THRESHOLD;
    uint256 private immutable SIZE;
    /// The members, hashed one after another. A signature names all of them, so checking it reads no storage.
    bytes32 private immutable MEMBERS_HASH;

    /// For readers only.
    address[] private _members;

    /// @inheritdoc IVerifierCommittee
    address public successor;

    constructor(uint256 threshold_, address[] memory members_) EIP712("HireForHumans VerifierCommittee", "1") {
        uint256 size = members_.length;
        if (threshold_ == 0 || threshold_ > size) revert ThresholdOutOfRange(threshold_, 1, size);
        address previous = address(0);
        bytes32 membersHash = 0;
        for (uint256 i = 0; i < size; ++i) {
            address member = members_[i];
            if (member <= previous) revert MemberOutOfOrder(i, member, previous);
            membersHash = _append(membersHash, member);
            previous = member;
        }
        THRESHOLD = threshold_;
        SIZE = size;
        MEMBERS_HASH = membersHash;
        _members = members_;
    }

    /// @inheritdoc IVerifierCommittee
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return _isSigned(digest, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @inheritdoc IVerifierCommittee
    function nameSuccessor(address next, uint256 validUntil, bytes calldata signature) external {
        if (successor != address(0)) revert SuccessorAlreadyNamed(successor);
        if (next == address(this) || next.code.length == 0) revert SuccessorNotAllowed(next);
        if (block.timestamp > validUntil) revert SignatureExpired(validUntil, block.timestamp);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(NAME_SUCCESSOR_TYPEHASH, next, validUntil)));
        if (!_isSigned(digest, signature)) revert SignatureInvalid(address(this), digest);

        successor = next;
        emit SuccessorNamed(next);
    }

    /// @inheritdoc IVerifierCommittee
    function threshold() external view returns (uint256) {
        return THRESHOLD;
    }

    /// @inheritdoc IVerifierCommittee
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @dev Counts whoever signed before knowing that they are members: what was counted is worth nothing unless in the
    /// end all hash to the list.
    function _isSigned(bytes32 digest, bytes calldata signature) private view returns (bool) {
        bytes calldata rest = signature;
        bytes32 membersHash = 0;
        uint256 signers = 0;
        for (uint256 i = 0; i < SIZE; ++i) {
            (address member, bool signed, uint256 length) = _readEntry(digest, rest);
            if (length == 0) return false;
            membersHash = _append(membersHash, member);
            if (signed) ++signers;
            rest = rest[length:];
        }
        return rest.length == 0 && signers >= THRESHOLD && membersHash == MEMBERS_HASH;
    }

    /// @return member Zero, which is nobody's, where a key's signature is bad.
    /// @return signed Whether it signed the digest.
    /// @return length The bytes of the entry that `rest` begins with; zero where it begins with none.
    function _readEntry(
        bytes32 digest,
        bytes calldata rest
    ) private view returns (address member, bool signed, uint256 length) {
        if (rest.length < ABSENT_BYTES) return (address(0), false, 0);
        bytes1 kind = rest[0];
        if (kind == KEY && rest.length >= KEY_BYTES) {
            (member, , ) = ECDSA.tryRecoverCalldata(digest, rest[1:KEY_BYTES]);
            return (member, true, KEY_BYTES);
        }
        member = address(bytes20(rest[1:ABSENT_BYTES]));
        if (kind == ABSENT) return (member, false, ABSENT_BYTES);
        if (kind == ACCOUNT && rest.length >= ACCOUNT_BYTES) {
            length = ACCOUNT_BYTES + uint16(bytes2(rest[ABSENT_BYTES:ACCOUNT_BYTES]));
            if (rest.length < length) return (address(0), false, 0);
            bytes calldata signature = rest[ACCOUNT_BYTES:length];
            signed = SignatureChecker.isValidERC1271SignatureNowCalldata(member, digest, signature);
        }
    }

    function _append(bytes32 membersHash, address member) private pure returns (bytes32) {
        return Hashes.efficientKeccak256(membersHash, bytes32(uint256(uint160(member))));
    }
}
