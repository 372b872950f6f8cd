// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IArbiter} from "./IArbiter.sol";
import {IEscrow, Job, JobId, SpendingLimit, Status, Terms, Verdict} from "./IEscrow.sol";
import {IReputationRecorder} from "./IReputationRecorder.sol";
import {IUsdc} from "./IUsdc.sol";
import {JobSlot, pack} from "./JobSlot.sol";

/// @title Escrow
/// @notice See `IEscrow` for the promise, the assumptions and the warnings.
contract Escrow is IEscrow, EIP712 {
    using SafeERC20 for IUsdc;

    uint256 internal constant FEE_BPS = 250;
    uint256 internal constant SILENCE_GRACE = 24 hours;
    uint256 internal constant APPEAL_WINDOW = 24 hours;
    uint256 internal constant DISPUTE_BACKSTOP = 30 days;
    /// From the time of funding.
    uint256 internal constant MAX_DEADLINE = 365 days;
    /// Of each window: work, verify, review.
    uint256 internal constant MAX_WINDOW = 30 days;
    /// Half the type's range, so that reward and fee fit it together.
    uint256 internal constant MAX_REWARD = type(uint96).max / 2;
    uint256 internal constant MAX_MIN_REPUTATION = 1e18;

    uint256 private constant BPS = 10_000;
    /// The 15 words of `Terms` in calldata.
    uint256 private constant TERMS_BYTES = 15 * 32;

    /// What a transfer of USDC (about 50,000) and a record of reputation (about 30,000) get at least, with room for a
    /// dearer future. Nobody can make one of them fail by sending less.
    uint256 private constant CALLEE_GAS = 100_000;
    /// EIP-150 keeps a 64th of the gas back from a callee; 5,000 pay for the call itself.
    uint256 private constant CALLER_GAS = (CALLEE_GAS * 64) / 63 + 5_000;
    /// A longer revert reason is not logged, so that it can't eat the gas of the calls behind it.
    uint256 private constant MAX_REASON_BYTES = 1_024;

    uint256 private constant NONE = 1 << uint8(Status.None);
    uint256 private constant OPEN = 1 << uint8(Status.Open);
    uint256 private constant ACCEPTED = 1 << uint8(Status.Accepted);
    uint256 private constant SUBMITTED = 1 << uint8(Status.Submitted);
    uint256 private constant APPROVED = 1 << uint8(Status.Approved);
    uint256 private constant REJECTED = 1 << uint8(Status.Rejected);
    uint256 private constant DISPUTED = 1 << uint8(Status.Disputed);

    bytes32 private constant CANCEL_TYPEHASH = keccak256("Cancel(bytes32 jobId,uint256 validUntil)");
    bytes32 private constant ACCEPT_TYPEHASH = keccak256("Accept(bytes32 jobId,uint256 round,uint256 validUntil)");
    bytes32 private constant SUBMIT_TYPEHASH = keccak256(
        "Submit(bytes32 jobId,uint256 round,bytes32 evidenceHash,uint256 validUntil)"
    );
    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(bytes32 jobId,address worker,bytes32 evidenceHash,bool pass,bytes32 reasonsHash,uint256 validUntil)"
    );
    bytes32 private constant DISPUTE_TYPEHASH = keccak256(
        "Dispute(bytes32 jobId,address by,bytes32 statementHash,uint256 validUntil)"
    );

    IUsdc public immutable USDC;
    IReputationRecorder public immutable REPUTATION;
    address public immutable TREASURY;

    mapping(JobId id => JobSlot) private _jobs;
    mapping(address client => mapping(address operator => SpendingLimit)) private _spendingLimits;
    mapping(address owner => uint256 amount) private _credits;

    constructor(IUsdc usdc, IReputationRecorder reputation, address treasury) EIP712("HireForHumans Escrow", "1") {
        require(address(usdc).code.length > 0, PartyMissing("usdc"));
        require(address(reputation).code.length > 0, PartyMissing("reputation"));
        require(treasury != address(0), PartyMissing("treasury"));
        USDC = usdc;
        REPUTATION = reputation;
        TREASURY = treasury;
    }

    // Open

    /// @inheritdoc IEscrow
    function fund(Terms calldata terms) public returns (JobId id) {
        uint256 total;
        (id, total) = _open(terms);
        address client = terms.client;
        if (msg.sender != client) _spend(client, total);
        USDC.safeTransferFrom(client, address(this), total);
    }

    /// @inheritdoc IEscrow
    function fundWithPermit(
        Terms calldata terms,
        uint256 value,
        uint256 permitDeadline,
        bytes calldata signature
    ) external returns (JobId) {
        try USDC.permit(terms.client, address(this), value, permitDeadline, signature) {} catch (bytes memory reason) {
            // Anyone can carry a permit to the token before us; all that counts is the allowance.
            if (USDC.allowance(terms.client, address(this)) < _total(terms)) LowLevelCall.bubbleRevert(reason);
        }
        return fund(terms);
    }

    /// @inheritdoc IEscrow
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (JobId id) {
        uint256 total;
        (id, total) = _open(terms);
        bytes32 nonce = JobId.unwrap(id);
        USDC.receiveWithAuthorization(terms.client, address(this), total, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IEscrow
    function cancel(Terms calldata terms, uint256 validUntil, bytes calldata signature) external {
        (JobId id, JobSlot current) = _requireStatus(terms, OPEN);
        if (signature.length == 0) {
            _requireClientOrOperator(terms.client);
        } else {
            bytes32 structHash = keccak256(abi.encode(CANCEL_TYPEHASH, id, validUntil));
            _requireWordOf(terms.client, structHash, validUntil, signature);
        }
        _move(id, current, Status.Refunded, 0);
        uint256 total = _total(terms);
        emit Cancelled(id, terms.client, total);
        _pay(terms.client, total);
    }

    // Accepted

    /// @inheritdoc IEscrow
    function accept(Terms calldata terms, address worker, uint256 validUntil, bytes calldata signature) external {
        (JobId id, JobSlot current) = _requireStatus(terms, OPEN);
        _requireMayAccept(id, terms, worker);
        uint256 round = current.round();
        bytes32 structHash = keccak256(abi.encode(ACCEPT_TYPEHASH, id, round, validUntil));
        _requireWordOf(worker, structHash, validUntil, signature);

        uint256 until = _workUntil(terms);
        _jobs[id] = pack(Status.Accepted, until, round, worker);
        emit Accepted(id, worker, round, until);
    }

    /// @inheritdoc IEscrow
    function reopen(Terms calldata terms) external {
        (JobId id, JobSlot current) = _requireStatus(terms, ACCEPTED);
        _requireAfter(id, current.until());

        uint256 round = current.round() + 1;
        _jobs[id] = pack(Status.Open, 0, round, address(0));
        emit Reopened(id, current.worker(), round);
        _record(id, terms, current.worker(), 0, false);
    }

    // Submitted

    /// @inheritdoc IEscrow
    function submit(Terms calldata terms, bytes32 evidenceHash, uint256 validUntil, bytes calldata signature) external {
        (JobId id, JobSlot current) = _requireStatus(terms, ACCEPTED);
        _requireNotAfter(id, current.until());
        (address worker, uint256 round) = (current.worker(), current.round());
        _requireWordOf(worker, _submitHash(id, round, evidenceHash, validUntil), validUntil, signature);

        uint256 until = block.timestamp + terms.verifyWindow;
        _jobs[id] = pack(Status.Submitted, until, round, worker);
        emit Submitted(id, worker, evidenceHash, until);
    }

    // Verdict

    /// @inheritdoc IEscrow
    function release(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external {
        (JobId id, JobSlot current) = _requireStatus(terms, SUBMITTED | APPROVED);
        address worker = current.worker();
        bool unjudged = current.isIn(SUBMITTED);
        address by = _requirePass(id, terms, worker, unjudged, verdict, signature);

        // The client's own word ends a review before it begins.
        bool reviewed = unjudged && by == terms.verifier && terms.reviewWindow > 0;
        Status next = reviewed ? Status.Approved : Status.Paid;
        _jobs[id] = pack(next, reviewed ? block.timestamp + terms.reviewWindow : 0, current.round(), worker);
        emit Released(id, worker, by, next, verdict.evidenceHash, verdict.reasonsHash);
        if (!reviewed) _payInFull(id, terms, worker);
    }

    /// @inheritdoc IEscrow
    function complete(
        Terms calldata terms,
        address worker,
        uint256 submitValidUntil,
        bytes calldata submitSignature,
        Verdict calldata verdict,
        bytes calldata verdictSignature
    ) external {
        (JobId id, JobSlot current) = _requireStatus(terms, OPEN);
        _requireMayAccept(id, terms, worker);
        uint256 round = current.round();
        bytes32 submitHash = _submitHash(id, round, verdict.evidenceHash, submitValidUntil);
        _requireWordOf(worker, submitHash, submitValidUntil, submitSignature);
        address by = _requirePass(id, terms, worker, true, verdict, verdictSignature);

        bool reviewed = by == terms.verifier && terms.reviewWindow > 0;
        Status next = reviewed ? Status.Approved : Status.Paid;
        _jobs[id] = pack(next, reviewed ? block.timestamp + terms.reviewWindow : 0, round, worker);
        emit Completed(id, worker, by, next, verdict.evidenceHash, verdict.reasonsHash);
        if (!reviewed) _payInFull(id, terms, worker);
    }

    /// @inheritdoc IEscrow
    function reject(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external {
        (JobId id, JobSlot current) = _requireStatus(terms, SUBMITTED);
        _requireNotAfter(id, current.until());
        bytes32 structHash = _verdictHash(id, current.worker(), verdict, false);
        _requireWordOf(terms.verifier, structHash, verdict.validUntil, signature);

        uint256 until = block.timestamp + APPEAL_WINDOW;
        _move(id, current, Status.Rejected, until);
        emit Rejected(id, current.worker(), verdict.evidenceHash, verdict.reasonsHash, until);
    }

    // Disputed

    /// @inheritdoc IEscrow
    function dispute(
        Terms calldata terms,
        address by,
        bytes32 statementHash,
        uint256 validUntil,
        bytes calldata signature,
        bytes calldata data
    ) external {
        (JobId id, JobSlot current) = _requireStatus(terms, SUBMITTED | APPROVED | REJECTED);
        require(terms.arbiter != address(0), ArbiterMissing(id));
        _requireMayDispute(id, current, terms.client, by);
        bytes32 structHash = keccak256(abi.encode(DISPUTE_TYPEHASH, id, by, statementHash, validUntil));
        _requireWordOf(by, structHash, validUntil, signature);

        uint256 until = block.timestamp + DISPUTE_BACKSTOP;
        _move(id, current, Status.Disputed, until);
        emit Disputed(id, by, statementHash, until);
        IArbiter(terms.arbiter).open(id, terms, current.worker(), by, data);
    }

    /// @inheritdoc IEscrow
    function rule(Terms calldata terms, uint256 workerShareBps) external {
        (JobId id, JobSlot current) = _requireStatus(terms, DISPUTED);
        require(msg.sender == terms.arbiter, SenderNotAllowed(msg.sender, terms.arbiter));
        require(workerShareBps <= BPS, ShareOutOfRange(workerShareBps, BPS));

        Status next =
            workerShareBps == BPS
                ? Status.Paid
                : workerShareBps == 0
                    ? Status.Refunded
                    : Status.Split;
        _move(id, current, next, 0);
        emit Ruled(id, next, workerShareBps);
        _record(id, terms, current.worker(), workerShareBps, true);
        _distribute(terms, current.worker(), workerShareBps);
    }

    // The ends that need nobody's word

    /// @inheritdoc IEscrow
    function refund(Terms calldata terms) external {
        (JobId id, JobSlot current) = _requireStatus(terms, OPEN | REJECTED);
        bool rejected = current.isIn(REJECTED);
        _requireAfter(id, rejected ? current.until() : terms.deadline);

        _move(id, current, Status.Refunded, 0);
        uint256 total = _total(terms);
        emit Refunded(id, terms.client, total);
        if (rejected) _record(id, terms, current.worker(), 0, false);
        _pay(terms.client, total);
    }

    /// @inheritdoc IEscrow
    function settle(Terms calldata terms) external {
        (JobId id, JobSlot current) = _requireStatus(terms, SUBMITTED | APPROVED | DISPUTED);
        _requireAfter(id, current.isIn(SUBMITTED) ? current.until() + SILENCE_GRACE : current.until());

        bool unruled = current.isIn(DISPUTED);
        Status next = unruled ? Status.Split : Status.Paid;
        _move(id, current, next, 0);
        emit Settled(id, next);
        // A dispute that nobody ruled says nothing about the worker.
        if (!unruled) _record(id, terms, current.worker(), BPS, false);
        _distribute(terms, current.worker(), unruled ? terms.backstopShareBps : BPS);
    }

    // Accounts

    /// @inheritdoc IEscrow
    function withdraw(address owner) external {
        uint256 amount = _credits[owner];
        require(amount > 0, NothingToWithdraw(owner));
        _credits[owner] = 0;
        emit Withdrawn(owner, amount);
        USDC.safeTransfer(owner, amount);
    }

    /// @inheritdoc IEscrow
    function setSpendingLimit(address operator, uint96 remaining, uint96 perJob, uint40 expiresAt) external {
        _spendingLimits[msg.sender][operator] = SpendingLimit(remaining, perJob, expiresAt);
        emit SpendingLimitSet(msg.sender, operator, remaining, perJob, expiresAt);
    }

    // Many calls in one

    /// @inheritdoc IEscrow
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            bool succeeded;
            (succeeded, results[i]) = address(this).delegatecall(calls[i]);
            if (!succeeded) LowLevelCall.bubbleRevert(results[i]);
        }
    }

    /// @inheritdoc IEscrow
    function tryMulticall(bytes[] calldata calls) external returns (bool[] memory succeeded) {
        succeeded = new bool[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 share = gasleft() / (calls.length - i);
            bytes memory reason;
            (succeeded[i], reason) = address(this).delegatecall{gas: share}(calls[i]);
            if (!succeeded[i]) emit CallFailed(i, reason.length > MAX_REASON_BYTES ? bytes("") : reason);
        }
    }

    // Views

    /// @inheritdoc IEscrow
    function jobId(Terms calldata) public view returns (JobId) {
        // The terms are every function's first parameter. Hashing them where they lie is far cheaper than encoding them
        // anew, and the same, because only clean ones can be funded.
        bytes calldata encodedTerms = msg.data[4:4 + TERMS_BYTES];
        return
            JobId.wrap(
                keccak256(bytes.concat(bytes32(block.chainid), bytes32(uint256(uint160(address(this)))), encodedTerms))
            );
    }

    /// @inheritdoc IEscrow
    function job(JobId id) external view returns (Job memory) {
        return _jobs[id].toJob();
    }

    /// @inheritdoc IEscrow
    function spendingLimit(address client, address operator) external view returns (SpendingLimit memory) {
        return _spendingLimits[client][operator];
    }

    /// @inheritdoc IEscrow
    function credit(address owner) external view returns (uint256) {
        return _credits[owner];
    }

    /// @inheritdoc IEscrow
    function feeOf(uint256 reward) public pure returns (uint256) {
        return (reward * FEE_BPS) / BPS;
    }

    // Checks

    function _requireStatus(
        Terms calldata terms,
        uint256 allowedBitmap
    ) private view returns (JobId id, JobSlot current) {
        id = jobId(terms);
        current = _jobs[id];
        if (!current.isIn(allowedBitmap)) revert WrongStatus(id, current.status(), allowedBitmap);
    }

    function _requireAfter(JobId id, uint256 until) private view {
        if (block.timestamp <= until) revert TooEarly(id, block.timestamp, until + 1);
    }

    function _requireNotAfter(JobId id, uint256 until) private view {
        if (block.timestamp > until) revert TooLate(id, block.timestamp, until);
    }

    function _requireSound(Terms calldata terms) private view {
        if (terms.client == address(0)) revert PartyMissing("client");
        if (terms.verifier == address(0)) revert PartyMissing("verifier");
        if (_outside(terms.reward, 1, MAX_REWARD)) revert RewardOutOfRange(terms.reward, 1, MAX_REWARD);
        uint256 latest = block.timestamp + MAX_DEADLINE;
        if (_outside(terms.deadline, block.timestamp, latest)) {
            revert DeadlineOutOfRange(terms.deadline, block.timestamp, latest);
        }
        if (_outside(terms.workWindow, 1, MAX_WINDOW)) {
            revert WindowOutOfRange("work", terms.workWindow, 1, MAX_WINDOW);
        }
        if (_outside(terms.verifyWindow, 1, MAX_WINDOW)) {
            revert WindowOutOfRange("verify", terms.verifyWindow, 1, MAX_WINDOW);
        }
        if (terms.reviewWindow > MAX_WINDOW) revert WindowOutOfRange("review", terms.reviewWindow, 0, MAX_WINDOW);
        if (terms.backstopShareBps > BPS) revert ShareOutOfRange(terms.backstopShareBps, BPS);
        if (terms.minReputation > MAX_MIN_REPUTATION) {
            revert MinReputationOutOfRange(terms.minReputation, MAX_MIN_REPUTATION);
        }
        // Read for their validation alone: `jobId` hashes the words as they lie, and must not name any but clean ones.
        (terms.worker, terms.matcher, terms.arbiter);
    }

    function _outside(uint256 value, uint256 min, uint256 max) private pure returns (bool) {
        return value < min || value > max;
    }

    function _requireMayAccept(JobId id, Terms calldata terms, address worker) private view {
        _requireNotAfter(id, terms.deadline);
        address matcher = terms.matcher;
        if (matcher != address(0) && msg.sender != matcher) revert SenderNotAllowed(msg.sender, matcher);
        address named = terms.worker;
        if (named != address(0) && worker != named) revert WorkerNotAllowed(worker, named);
        bool isParty = worker == terms.client || worker == terms.verifier || worker == terms.arbiter;
        if (isParty) revert WorkerIsParty(worker);
        uint256 required = terms.minReputation;
        if (required > 0) {
            uint256 score = REPUTATION.scoreOf(address(this), worker, terms.domain);
            if (score < required) revert ReputationTooLow(worker, score, required);
        }
    }

    function _requireMayDispute(JobId id, JobSlot current, address client, address by) private view {
        uint256 until = current.until();
        if (current.isIn(SUBMITTED)) {
            require(by == client || by == current.worker(), SenderNotAllowed(by, current.worker()));
            _requireAfter(id, until);
            until += SILENCE_GRACE;
        } else {
            address expected = current.isIn(APPROVED) ? client : current.worker();
            require(by == expected, SenderNotAllowed(by, expected));
        }
        _requireNotAfter(id, until);
    }

    /// @dev The client's word counts in place of the verifier's, and alone once the verifier has passed the work.
    function _requirePass(
        JobId id,
        Terms calldata terms,
        address worker,
        bool unjudged,
        Verdict calldata verdict,
        bytes calldata signature
    ) private view returns (address by) {
        address verifier = terms.verifier;
        if (signature.length == 0) {
            if (!unjudged || msg.sender != verifier) _requireClientOrOperator(terms.client);
            return msg.sender;
        }
        _requireUnexpired(verdict.validUntil);
        bytes32 digest = _hashTypedDataV4(_verdictHash(id, worker, verdict, true));
        if (unjudged && _signed(verifier, digest, signature)) return verifier;
        require(_signed(terms.client, digest, signature), SignatureInvalid(unjudged ? verifier : terms.client, digest));
        return terms.client;
    }

    function _requireClientOrOperator(address client) private view {
        if (msg.sender != client) _requireOperator(client, _spendingLimits[client][msg.sender]);
    }

    function _requireOperator(address client, SpendingLimit memory limit) private view {
        require(limit.expiresAt > 0, SenderNotAllowed(msg.sender, client));
        require(block.timestamp <= limit.expiresAt, SpendingLimitExpired(msg.sender, limit.expiresAt, block.timestamp));
    }

    function _requireWordOf(
        address signer,
        bytes32 structHash,
        uint256 validUntil,
        bytes calldata signature
    ) private view {
        if (signature.length == 0) {
            require(msg.sender == signer, SenderNotAllowed(msg.sender, signer));
        } else {
            _requireUnexpired(validUntil);
            bytes32 digest = _hashTypedDataV4(structHash);
            require(_signed(signer, digest, signature), SignatureInvalid(signer, digest));
        }
    }

    function _requireUnexpired(uint256 validUntil) private view {
        require(block.timestamp <= validUntil, SignatureExpired(validUntil, block.timestamp));
    }

    /// @dev By an account's own key, or as an ERC-1271 account. The key is asked first: that spares the look at the
    /// account's code, and an EOA that has delegated to code (EIP-7702) still has its key.
    function _signed(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered == signer && signer != address(0)) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    function _workUntil(Terms calldata terms) private view returns (uint256) {
        return Math.min(block.timestamp + terms.workWindow, terms.deadline);
    }

    function _submitHash(
        JobId id,
        uint256 round,
        bytes32 evidenceHash,
        uint256 validUntil
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(SUBMIT_TYPEHASH, id, round, evidenceHash, validUntil));
    }

    function _verdictHash(
        JobId id,
        address worker,
        Verdict calldata verdict,
        bool pass
    ) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    VERDICT_TYPEHASH,
                    id,
                    worker,
                    verdict.evidenceHash,
                    pass,
                    verdict.reasonsHash,
                    verdict.validUntil
                )
            );
    }

    /// @dev Against a sender that gives just so little gas that the callee fails and the rest succeeds.
    function _requireCalleeGas() private view {
        uint256 actual = gasleft();
        require(actual >= CALLER_GAS, InsufficientGas(actual, CALLER_GAS));
    }

    // Effects

    function _open(Terms calldata terms) private returns (JobId id, uint256 total) {
        _requireSound(terms);
        id = jobId(terms);
        JobSlot current = _jobs[id];
        if (!current.isIn(NONE)) revert AlreadyFunded(id, current.status());

        uint256 reward = terms.reward;
        uint256 fee = feeOf(reward);
        total = reward + fee;
        _jobs[id] = pack(Status.Open, 0, 0, address(0));
        emit Funded(id, terms.client, msg.sender, reward, fee, terms.specHash, terms.salt);
    }

    /// @dev A cancelled or refunded job does not give the limit back: it bounds what an operator can move in all, and
    /// funding and cancelling in turns would else lock the client's money without end.
    function _spend(address client, uint256 amount) private {
        SpendingLimit memory limit = _spendingLimits[client][msg.sender];
        _requireOperator(client, limit);
        require(
            amount <= limit.perJob && amount <= limit.remaining,
            SpendingLimitExceeded(msg.sender, amount, limit.remaining, limit.perJob)
        );
        _spendingLimits[client][msg.sender].remaining = limit.remaining - uint96(amount);
    }

    function _move(JobId id, JobSlot current, Status next, uint256 until) private {
        _jobs[id] = pack(next, until, current.round(), current.worker());
    }

    // Interactions, always last

    function _payInFull(JobId id, Terms calldata terms, address worker) private {
        _record(id, terms, worker, BPS, false);
        _distribute(terms, worker, BPS);
    }

    function _record(JobId id, Terms calldata terms, address worker, uint256 workerShareBps, bool ruled) private {
        _requireCalleeGas();
        try REPUTATION.record{gas: CALLEE_GAS}(worker, terms.domain, terms.reward, workerShareBps, ruled) {} catch {
            emit RecordFailed(id, worker);
        }
    }

    /// @dev The one way out for a job's money: the worker's share, the fee on it, and the rest to the client.
    function _distribute(Terms calldata terms, address worker, uint256 workerShareBps) private {
        uint256 reward = terms.reward;
        // `MAX_REWARD` is far below what could run over.
        unchecked {
            uint256 earned = (reward * workerShareBps) / BPS;
            uint256 fee = (earned * FEE_BPS) / BPS;
            // A credit is cheaper than a transfer, and a blocked treasury blocks nobody.
            if (fee > 0) _credits[TREASURY] += fee;
            if (earned > 0) _pay(worker, earned);
            if (earned < reward) _pay(terms.client, reward + (reward * FEE_BPS) / BPS - earned - fee);
        }
    }

    function _pay(address to, uint256 amount) private {
        _requireCalleeGas();
        if (!USDC.trySafeTransfer(to, amount)) {
            _credits[to] += amount;
            emit Credited(to, amount);
        }
    }

    function _total(Terms calldata terms) private pure returns (uint256) {
        return terms.reward + feeOf(terms.reward);
    }
}
