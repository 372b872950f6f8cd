// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Amounts} from "./Amounts.sol";
import {IArbiter} from "./IArbiter.sol";
import {IEscrow, Job, JobId, SpendingLimit, Status, Terms, Verdict} from "./IEscrow.sol";
import {IReputationRecorder} from "./IReputationRecorder.sol";
import {IUsdc} from "./IUsdc.sol";
import {JobSlot, pack} from "./JobSlot.sol";
import {SignedWords} from "./SignedWords.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title Escrow
/// @notice See `IEscrow` for the promise, the assumptions and the warnings.
contract Escrow is IEscrow, SignedWords {
    using SafeERC20 for IUsdc;
    using TermsRules for Terms;

    uint256 internal constant SILENCE_GRACE = 24 hours;
    uint256 internal constant APPEAL_WINDOW = 24 hours;
    uint256 internal constant DISPUTE_BACKSTOP = 30 days;

    uint256 private constant BPS = Amounts.BPS;
    /// The 15 words of `Terms` in calldata.
    uint256 private constant TERMS_BYTES = 15 * 32;

    /// What a transfer of USDC (about 50,000) and a record of reputation (about 30,000) get at least, with room for a
    /// dearer future. Nobody can make one of them fail by sending less.
    uint256 private constant CALLEE_GAS = 100_000;
    /// EIP-150 keeps a 64th of the gas back from a callee; 5,000 pay for the call itself.
    uint256 private constant CALLER_GAS = (CALLEE_GAS * 64) / 63 + 5_000;
    /// A longer revert reason is neither copied nor logged, so that it can't eat the gas of the calls behind it.
    uint256 private constant MAX_REASON_BYTES = 1_024;
    /// What a `tryMulticall` keeps back for each call: to copy up to 30 KB of it (8,000), to log the longest reason (10,000)
    /// and to go on.
    uint256 private constant REPORT_GAS = 20_000;

    uint256 private constant NONE = 1 << uint8(Status.None);
    uint256 private constant OPEN = 1 << uint8(Status.Open);
    uint256 private constant ACCEPTED = 1 << uint8(Status.Accepted);
    uint256 private constant SUBMITTED = 1 << uint8(Status.Submitted);
    uint256 private constant APPROVED = 1 << uint8(Status.Approved);
    uint256 private constant REJECTED = 1 << uint8(Status.Rejected);
    uint256 private constant DISPUTED = 1 << uint8(Status.Disputed);

    /// @inheritdoc IEscrow
    IUsdc public immutable USDC;
    IReputationRecorder public immutable REPUTATION;
    address public immutable TREASURY;

    mapping(JobId id => JobSlot) private _jobs;
    mapping(address client => mapping(address operator => SpendingLimit)) private _spendingLimits;
    mapping(address owner => uint256 amount) private _credits;

    constructor(IUsdc usdc, IReputationRecorder reputation, address treasury) {
        if (address(usdc).code.length == 0) revert PartyMissing("usdc");
        if (address(reputation).code.length == 0) revert PartyMissing("reputation");
        if (treasury == address(0)) revert PartyMissing("treasury");
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
            _requireClientOrOperator(terms);
        } else {
            _requireWordOf(terms.client, _cancelHash(id, validUntil), validUntil, signature);
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
        _requireWordOf(worker, _acceptHash(id, round, validUntil), validUntil, signature);

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

        (Status next, uint256 until) = unjudged ? _afterPass(terms, by) : (Status.Paid, 0);
        _jobs[id] = pack(next, until, current.round(), worker);
        emit Released(id, worker, by, next, verdict.evidenceHash, verdict.reasonsHash);
        if (next == Status.Paid) _payInFull(id, terms, worker);
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

        (Status next, uint256 until) = _afterPass(terms, by);
        _jobs[id] = pack(next, until, round, worker);
        emit Completed(id, worker, by, next, verdict.evidenceHash, verdict.reasonsHash);
        if (next == Status.Paid) _payInFull(id, terms, worker);
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
        if (terms.arbiter == address(0)) revert ArbiterMissing(id);
        _requireMayDispute(id, current, terms.client, by);
        _requireWordOf(by, _disputeHash(id, by, statementHash, validUntil), validUntil, signature);

        uint256 until = block.timestamp + DISPUTE_BACKSTOP;
        _move(id, current, Status.Disputed, until);
        emit Disputed(id, by, statementHash, until);
        IArbiter(terms.arbiter).open(id, terms, current.worker(), by, data);
    }

    /// @inheritdoc IEscrow
    function rule(Terms calldata terms, uint256 workerShareBps) external {
        (JobId id, JobSlot current) = _requireStatus(terms, DISPUTED);
        if (msg.sender != terms.arbiter) revert SenderNotAllowed(msg.sender, terms.arbiter);
        if (workerShareBps > BPS) revert ShareOutOfRange(workerShareBps, BPS);

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
        if (amount == 0) revert NothingToWithdraw(owner);
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
            if (share < REPORT_GAS) revert InsufficientGas(share, REPORT_GAS);
            succeeded[i] = _delegate(calls[i], share - REPORT_GAS);
            if (!succeeded[i]) emit CallFailed(i, _reason());
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
        return Amounts.feeOf(reward);
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
            if (by != client && by != current.worker()) revert SenderNotAllowed(by, current.worker());
            _requireAfter(id, until);
            until += SILENCE_GRACE;
        } else {
            address expected = current.isIn(APPROVED) ? client : current.worker();
            if (by != expected) revert SenderNotAllowed(by, expected);
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
            if (!unjudged || msg.sender != verifier) _requireClientOrOperator(terms);
            return msg.sender;
        }
        _requireUnexpired(verdict.validUntil);
        bytes32 digest = _hashTypedDataV4(_verdictHash(id, worker, verdict, true));
        if (unjudged && _signed(verifier, digest, signature)) return verifier;
        if (_signed(terms.client, digest, signature)) return terms.client;
        revert SignatureInvalid(unjudged ? verifier : terms.client, digest);
    }

    /// @dev A limit alone is no leave to decide on what the client funded elsewhere: the terms have to name the operator.
    function _requireClientOrOperator(Terms calldata terms) private view {
        address client = terms.client;
        if (msg.sender == client) return;
        if (msg.sender != terms.matcher) revert SenderNotAllowed(msg.sender, client);
        _requireOperator(client, _spendingLimits[client][msg.sender]);
    }

    function _requireOperator(address client, SpendingLimit memory limit) private view {
        if (limit.expiresAt == 0) revert SenderNotAllowed(msg.sender, client);
        if (block.timestamp > limit.expiresAt) {
            revert SpendingLimitExpired(msg.sender, limit.expiresAt, block.timestamp);
        }
    }

    /// @dev The client's own word leaves nothing to review.
    function _afterPass(Terms calldata terms, address by) private view returns (Status, uint256 until) {
        if (by != terms.verifier || terms.reviewWindow == 0) return (Status.Paid, 0);
        return (Status.Approved, block.timestamp + terms.reviewWindow);
    }

    function _workUntil(Terms calldata terms) private view returns (uint256) {
        return Math.min(block.timestamp + terms.workWindow, terms.deadline);
    }

    /// @dev Against a sender that gives just so little gas that the callee fails and the rest succeeds.
    function _requireCalleeGas() private view {
        uint256 actual = gasleft();
        if (actual < CALLER_GAS) revert InsufficientGas(actual, CALLER_GAS);
    }

    // Effects

    function _open(Terms calldata terms) private returns (JobId id, uint256 total) {
        terms.requireSound();
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
        if (amount > limit.perJob || amount > limit.remaining) {
            revert SpendingLimitExceeded(msg.sender, amount, limit.remaining, limit.perJob);
        }
        _spendingLimits[client][msg.sender].remaining = limit.remaining - uint96(amount);
    }

    function _move(JobId id, JobSlot current, Status next, uint256 until) private {
        _jobs[id] = pack(next, until, current.round(), current.worker());
    }

    // Interactions, always last

    /// @dev Solidity's own delegatecall would copy whatever comes back, and a copy costs as much as the making.
    function _delegate(bytes calldata data, uint256 gasLimit) private returns (bool succeeded) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let input := mload(0x40)
            calldatacopy(input, data.offset, data.length)
            succeeded := delegatecall(gasLimit, address(), input, data.length, 0, 0)
        }
    }

    /// @dev What the last call reverted with, if it is not too long.
    function _reason() private pure returns (bytes memory) {
        return LowLevelCall.returnDataSize() > MAX_REASON_BYTES ? bytes("") : LowLevelCall.returnData();
    }

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
        uint256 earned = Amounts.earnedOf(reward, workerShareBps);
        uint256 fee = feeOf(earned);
        // A credit is cheaper than a transfer, and a blocked treasury blocks nobody.
        if (fee > 0) _credits[TREASURY] += fee;
        if (earned > 0) _pay(worker, earned);
        if (earned < reward) _pay(terms.client, Amounts.restOf(_total(terms), earned, fee));
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
