// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signing} from "../signing/Signing.sol";
import {JobId, Verdict} from "./IEscrow.sol";

/// @title The words that the parties of a job give, signed or as the sender
/// @dev Each names its job, and with it chain and escrow; the worker's name the round, too.
abstract contract SignedWords is Signing {
    bytes32 private constant ACCEPT_TYPEHASH = keccak256("Accept(bytes32 jobId,uint256 round,uint256 validUntil)");
    bytes32 private constant SUBMIT_TYPEHASH = keccak256(
        "Submit(bytes32 jobId,uint256 round,bytes32 evidenceHash,uint256 validUntil)"
    );
    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(bytes32 jobId,address worker,bytes32 evidenceHash,bool pass,bytes32 reasonsHash,uint256 validUntil)"
    );
    bytes32 private constant CANCEL_TYPEHASH = keccak256("Cancel(bytes32 jobId,uint256 validUntil)");
    bytes32 private constant DISPUTE_TYPEHASH = keccak256(
        "Dispute(bytes32 jobId,address by,bytes32 statementHash,uint256 validUntil)"
    );

    constructor() EIP712("HireForHumans Escrow", "1") {}

    function _acceptHash(JobId id, uint256 round, uint256 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(ACCEPT_TYPEHASH, id, round, validUntil));
    }

    function _submitHash(
        JobId id,
        uint256 round,
        bytes32 evidenceHash,
        uint256 validUntil
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(SUBMIT_TYPEHASH, id, round, evidenceHash, validUntil));
    }

    function _verdictHash(
        JobId id,
        address worker,
        Verdict calldata verdict,
        bool pass
    ) internal pure returns (bytes32) {
        (bytes32 evidenceHash, bytes32 reasonsHash) = (verdict.evidenceHash, verdict.reasonsHash);
        return keccak256(abi.encode(VERDICT_TYPEHASH, id, worker, evidenceHash, pass, reasonsHash, verdict.validUntil));
    }

    function _cancelHash(JobId id, uint256 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(CANCEL_TYPEHASH, id, validUntil));
    }

    function _disputeHash(
        JobId id,
        address by,
        bytes32 statementHash,
        uint256 validUntil
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(DISPUTE_TYPEHASH, id, by, statementHash, validUntil));
    }
}
