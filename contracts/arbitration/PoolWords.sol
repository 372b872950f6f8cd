// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {JobId} from "../escrow/IEscrow.sol";
import {Signing} from "../signing/Signing.sol";
import {CommitWord} from "./IArbitrationPool.sol";

/// @title The words that parties and jurors give, signed or as the sender
/// @dev Each can be used once: those about a case by the case's state, those about an account by its nonce. Only evidence
/// may be put on record twice, which changes nothing. A commitment names its seat, so that of two accounts with one key
/// (ERC-1271) neither's can be carried to the other's.
abstract contract PoolWords is Signing, Nonces {
    bytes32 private constant WITHDRAW_TYPEHASH = keccak256(
        "Withdraw(address owner,uint256 amount,uint256 nonce,uint256 validUntil)"
    );
    bytes32 private constant SET_STANDING_ANSWER_TYPEHASH = keccak256(
        "SetStandingAnswer(address owner,bool stands,uint256 nonce,uint256 validUntil)"
    );
    bytes32 private constant STAKE_TYPEHASH = keccak256(
        "Stake(address juror,uint256 amount,uint256 nonce,uint256 validUntil)"
    );
    bytes32 private constant RETIRE_TYPEHASH = keccak256("Retire(address juror,uint256 nonce,uint256 validUntil)");
    bytes32 private constant ADD_EVIDENCE_TYPEHASH = keccak256(
        "AddEvidence(bytes32 jobId,bytes32 evidenceHash,uint256 validUntil)"
    );
    bytes32 private constant ANSWER_TYPEHASH = keccak256("Answer(bytes32 jobId,uint256 round,uint256 validUntil)");
    bytes32 private constant COMMIT_TYPEHASH = keccak256(
        "Commit(bytes32 jobId,uint256 panel,uint256 seat,bytes32 commitment,uint256 validUntil)"
    );
    bytes32 private constant APPEAL_TYPEHASH = keccak256("Appeal(bytes32 jobId,uint256 round,uint256 validUntil)");

    constructor() EIP712("HireForHumans ArbitrationPool", "1") {}

    /// @dev Uses up the owner's nonce if there is a signature.
    function _requireAccountWord(
        address owner,
        bytes32 typeHash,
        uint256 value,
        bool hasValue,
        uint256 validUntil,
        bytes calldata signature
    ) private {
        uint256 nonce = signature.length == 0 ? 0 : _useNonce(owner);
        bytes32 structHash =
            hasValue
                ? keccak256(abi.encode(typeHash, owner, value, nonce, validUntil))
                : keccak256(abi.encode(typeHash, owner, nonce, validUntil));
        _requireWordOf(owner, structHash, validUntil, signature);
    }

    function _requireWithdraw(address owner, uint256 amount, uint256 validUntil, bytes calldata signature) internal {
        _requireAccountWord(owner, WITHDRAW_TYPEHASH, amount, true, validUntil, signature);
    }

    function _requireSetStandingAnswer(
        address owner,
        bool stands,
        uint256 validUntil,
        bytes calldata signature
    ) internal {
        _requireAccountWord(owner, SET_STANDING_ANSWER_TYPEHASH, stands ? 1 : 0, true, validUntil, signature);
    }

    function _requireStake(address juror, uint256 amount, uint256 validUntil, bytes calldata signature) internal {
        _requireAccountWord(juror, STAKE_TYPEHASH, amount, true, validUntil, signature);
    }

    function _requireRetire(address juror, uint256 validUntil, bytes calldata signature) internal {
        _requireAccountWord(juror, RETIRE_TYPEHASH, 0, false, validUntil, signature);
    }

    function _requireAddEvidence(
        JobId id,
        address by,
        bytes32 evidenceHash,
        uint256 validUntil,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(ADD_EVIDENCE_TYPEHASH, id, evidenceHash, validUntil));
        _requireWordOf(by, structHash, validUntil, signature);
    }

    function _requireAnswer(
        JobId id,
        address by,
        uint256 round,
        uint256 validUntil,
        bytes calldata signature
    ) internal view {
        _requireWordOf(by, keccak256(abi.encode(ANSWER_TYPEHASH, id, round, validUntil)), validUntil, signature);
    }

    function _requireAppeal(
        JobId id,
        address by,
        uint256 round,
        uint256 validUntil,
        bytes calldata signature
    ) internal view {
        _requireWordOf(by, keccak256(abi.encode(APPEAL_TYPEHASH, id, round, validUntil)), validUntil, signature);
    }

    function _requireCommit(JobId id, uint256 panel, address juror, CommitWord calldata word) internal view {
        bytes32 structHash = keccak256(
            abi.encode(COMMIT_TYPEHASH, id, panel, word.seat, word.commitment, word.validUntil)
        );
        _requireWordOf(juror, structHash, word.validUntil, word.signature);
    }
}
