// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IArbiter} from "./IArbiter.sol";
import {IEscrow, Job, JobId, SpendingLimit, Status, Terms, Verdict} from "./IEscrow.sol";
import {IReputationRecorder} from "./IReputationRecorder.sol";
import {IUsdc} from "./IUsdc.sol";

/// @title Escrow
/// @notice See `IEscrow` for the promise, the assumptions and the warnings.
contract Escrow is IEscrow, EIP712 {
    using SafeERC20 for IUsdc;

    uint256 public constant FEE_BPS = 250;
    uint256 public constant SILENCE_GRACE = 24 hours;
    uint256 public constant APPEAL_WINDOW = 24 hours;
    uint256 public constant DISPUTE_BACKSTOP = 30 days;
    /// From the time of funding.
    uint256 public constant MAX_DEADLINE = 365 days;
    /// Of each window: work, verify, review.
    uint256 public constant MAX_WINDOW = 30 days;
    /// Half the type's range, so that reward and fee fit it together.
    uint256 public constant MAX_REWARD = type(uint96).max / 2;
    uint256 public constant MAX_MIN_REPUTATION = 1e18;

    uint256 private constant BPS = 10_000;

    /// What a transfer of USDC (about 50,000) and a record of reputation (about 30,000) get at least, with room for a
    /// dearer future. Nobody can make one of them fail by sending less.
    uint256 private constant CALLEE_GAS = 100_000;
    /// EIP-150 keeps a 64th of the gas back from a callee; 5,000 pay for the call itself.
    uint256 private constant CALLER_GAS = (CALLEE_GAS * 64) / 63 + 5_000;
    /// A longer revert reason is not logged, so that it can't eat the gas of the calls behind it.
    uint256 private constant MAX_REASON_BYTES = 1_024;

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

    mapping(JobId id => Job) private _jobs;
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
        uint256 total = _total(terms);
        if (msg.sender != terms.client) _spend(terms.client, total);
        id = _open(terms);
        USDC.safeTransferFrom(terms.client, address(this), total);
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
        id = _open(terms);
        USDC.receiveWithAuthorization(
            terms.client,
            address(this),
            _total(terms),
            validAfter,
            validBefore,
            JobId.unwrap(id),
            signature
        );
    }

    /// @inheritdoc IEscrow
    function cancel(Terms calldata terms, uint256 validUntil, bytes calldata signature) external {
        (JobId id, Job memory current) = _requireStatus(terms, OPEN);
        if (signature.length == 0) {
            _requireClientOrOperator(terms.client);
        } else {
            bytes32 structHash = keccak256(abi.encode(CANCEL_TYPEHASH, id, validUntil));
            _requireWordOf(terms.client, structHash, validUntil, signature);
        }
        _move(id, current, Status.Refunded, 0);
        emit Cancelled(id, terms.client, _total(terms));
        _distribute(terms, address(0), 0);
    }

    // Accepted

    /// @inheritdoc IEscrow
    function accept(Terms calldata terms, address worker, uint256 validUntil, bytes calldata signature) external {
        (JobId id, Job memory current) = _requireStatus(terms, OPEN);
        require(block.timestamp <= terms.deadline, TooLate(id, block.timestamp, terms.deadline));
        _requireMayWork(terms, worker);
        bytes32 structHash = keccak256(abi.encode(ACCEPT_TYPEHASH, id, current.round, validUntil));
        _requireWordOf(worker, structHash, validUntil, signature);

        uint256 until = Math.min(block.timestamp + terms.workWindow, terms.deadline);
        current.worker = worker;
        _move(id, current, Status.Accepted, until);
        emit Accepted(id, worker, current.round, until);
    }

    /// @inheritdoc IEscrow
    function reopen(Terms calldata terms) external {
        (JobId id, Job memory current) = _requireStatus(terms, ACCEPTED);
        _requireAfter(id, current.until);

        address worker = current.worker;
        current.worker = address(0);
        current.round += 1;
        _move(id, current, Status.Open, 0);
        emit Reopened(id, worker, current.round);
        _record(id, terms, worker, 0, false);
    }

    // Submitted

    /// @inheritdoc IEscrow
    function submit(Terms calldata terms, bytes32 evidenceHash, uint256 validUntil, bytes calldata signature) external {
        (JobId id, Job memory current) = _requireStatus(terms, ACCEPTED);
        _requireNotAfter(id, current.until);
        bytes32 structHash = keccak256(abi.encode(SUBMIT_TYPEHASH, id, current.round, evidenceHash, validUntil));
        _requireWordOf(current.worker, structHash, validUntil, signature);

        uint256 until = block.timestamp + terms.verifyWindow;
        _move(id, current, Status.Submitted, until);
        emit Submitted(id, current.worker, evidenceHash, until);
    }

    // Verdict

    /// @inheritdoc IEscrow
    function release(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external {
        (JobId id, Job memory current) = _requireStatus(terms, SUBMITTED | APPROVED);
        address by = _requirePass(id, current, terms, verdict, signature);

        // The client's own word ends a review before it begins.
        bool reviewed = current.status == Status.Submitted && by == terms.verifier && terms.reviewWindow > 0;
        Status next = reviewed ? Status.Approved : Status.Paid;
        _move(id, current, next, reviewed ? block.timestamp + terms.reviewWindow : 0);
        emit Released(id, current.worker, by, next, verdict.evidenceHash, verdict.reasonsHash);
        if (!reviewed) {
            _record(id, terms, current.worker, BPS, false);
            _distribute(terms, current.worker, BPS);
        }
    }

    /// @inheritdoc IEscrow
    function reject(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external {
        (JobId id, Job memory current) = _requireStatus(terms, SUBMITTED);
        _requireNotAfter(id, current.until);
        bytes32 structHash = _verdictHash(id, current.worker, verdict, false);
        _requireWordOf(terms.verifier, structHash, verdict.validUntil, signature);

        uint256 until = block.timestamp + APPEAL_WINDOW;
        _move(id, current, Status.Rejected, until);
        emit Rejected(id, current.worker, verdict.evidenceHash, verdict.reasonsHash, until);
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
        (JobId id, Job memory current) = _requireStatus(terms, SUBMITTED | APPROVED | REJECTED);
        require(terms.arbiter != address(0), ArbiterMissing(id));
        _requireMayDispute(id, current, terms.client, by);
        bytes32 structHash = keccak256(abi.encode(DISPUTE_TYPEHASH, id, by, statementHash, validUntil));
        _requireWordOf(by, structHash, validUntil, signature);

        uint256 until = block.timestamp + DISPUTE_BACKSTOP;
        _move(id, current, Status.Disputed, until);
        emit Disputed(id, by, statementHash, until);
        IArbiter(terms.arbiter).open(id, terms, current.worker, by, data);
    }

    /// @inheritdoc IEscrow
    function rule(Terms calldata terms, uint256 workerShareBps) external {
        (JobId id, Job memory current) = _requireStatus(terms, DISPUTED);
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
        _record(id, terms, current.worker, workerShareBps, true);
        _distribute(terms, current.worker, workerShareBps);
    }

    // The ends that need nobody's word

    /// @inheritdoc IEscrow
    function refund(Terms calldata terms) external {
        (JobId id, Job memory current) = _requireStatus(terms, OPEN | REJECTED);
        bool rejected = current.status == Status.Rejected;
        _requireAfter(id, rejected ? current.until : terms.deadline);

        _move(id, current, Status.Refunded, 0);
        emit Refunded(id, terms.client, _total(terms));
        if (rejected) _record(id, terms, current.worker, 0, false);
        _distribute(terms, current.worker, 0);
    }

    /// @inheritdoc IEscrow
    function settle(Terms calldata terms) external {
        (JobId id, Job memory current) = _requireStatus(terms, SUBMITTED | APPROVED | DISPUTED);
        _requireAfter(id, current.status == Status.Submitted ? current.until + SILENCE_GRACE : current.until);

        bool unruled = current.status == Status.Disputed;
        Status next = unruled ? Status.Split : Status.Paid;
        _move(id, current, next, 0);
        emit Settled(id, next);
        // A dispute that nobody ruled says nothing about the worker.
        if (!unruled) _record(id, terms, current.worker, BPS, false);
        _distribute(terms, current.worker, unruled ? terms.backstopShareBps : BPS);
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
            results[i] = Address.functionDelegateCall(address(this), calls[i]);
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
    function jobId(Terms calldata terms) public view returns (JobId) {
        return JobId.wrap(keccak256(abi.encode(block.chainid, address(this), terms)));
    }

    /// @inheritdoc IEscrow
    function job(JobId id) external view returns (Job memory) {
        return _jobs[id];
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
    ) private view returns (JobId id, Job memory current) {
        id = jobId(terms);
        current = _jobs[id];
        require((1 << uint8(current.status)) & allowedBitmap != 0, WrongStatus(id, current.status, allowedBitmap));
    }

    function _requireAfter(JobId id, uint256 until) private view {
        require(block.timestamp > until, TooEarly(id, block.timestamp, until + 1));
    }

    function _requireNotAfter(JobId id, uint256 until) private view {
        require(block.timestamp <= until, TooLate(id, block.timestamp, until));
    }

    function _requireSound(Terms calldata terms) private view {
        require(terms.client != address(0), PartyMissing("client"));
        require(terms.verifier != address(0), PartyMissing("verifier"));
        require(terms.reward > 0 && terms.reward <= MAX_REWARD, RewardOutOfRange(terms.reward, 1, MAX_REWARD));
        uint256 latest = block.timestamp + MAX_DEADLINE;
        require(
            terms.deadline >= block.timestamp && terms.deadline <= latest,
            DeadlineOutOfRange(terms.deadline, block.timestamp, latest)
        );
        _requireWindow("work", terms.workWindow, 1);
        _requireWindow("verify", terms.verifyWindow, 1);
        _requireWindow("review", terms.reviewWindow, 0);
        require(terms.backstopShareBps <= BPS, ShareOutOfRange(terms.backstopShareBps, BPS));
        require(
            terms.minReputation <= MAX_MIN_REPUTATION,
            MinReputationOutOfRange(terms.minReputation, MAX_MIN_REPUTATION)
        );
    }

    function _requireWindow(string memory name, uint256 window, uint256 min) private pure {
        require(window >= min && window <= MAX_WINDOW, WindowOutOfRange(name, window, min, MAX_WINDOW));
    }

    function _requireMayWork(Terms calldata terms, address worker) private view {
        require(
            terms.matcher == address(0) || msg.sender == terms.matcher,
            SenderNotAllowed(msg.sender, terms.matcher)
        );
        require(terms.worker == address(0) || worker == terms.worker, WorkerNotAllowed(worker, terms.worker));
        require(worker != terms.client && worker != terms.verifier && worker != terms.arbiter, WorkerIsParty(worker));
        if (terms.minReputation > 0) {
            uint256 score = REPUTATION.scoreOf(address(this), worker, terms.domain);
            require(score >= terms.minReputation, ReputationTooLow(worker, score, terms.minReputation));
        }
    }

    function _requireMayDispute(JobId id, Job memory current, address client, address by) private view {
        uint256 until = current.until;
        if (current.status == Status.Submitted) {
            require(by == client || by == current.worker, SenderNotAllowed(by, current.worker));
            _requireAfter(id, until);
            until += SILENCE_GRACE;
        } else {
            address expected = current.status == Status.Approved ? client : current.worker;
            require(by == expected, SenderNotAllowed(by, expected));
        }
        _requireNotAfter(id, until);
    }

    /// @dev The client's word counts in place of the verifier's, and alone once the verifier has passed the work.
    function _requirePass(
        JobId id,
        Job memory current,
        Terms calldata terms,
        Verdict calldata verdict,
        bytes calldata signature
    ) private view returns (address by) {
        bool unjudged = current.status == Status.Submitted;
        if (signature.length == 0) {
            if (!unjudged || msg.sender != terms.verifier) _requireClientOrOperator(terms.client);
            return msg.sender;
        }
        _requireUnexpired(verdict.validUntil);
        bytes32 digest = _hashTypedDataV4(_verdictHash(id, current.worker, verdict, true));
        if (unjudged && _signed(terms.verifier, digest, signature)) return terms.verifier;
        address expected = unjudged ? terms.verifier : terms.client;
        require(_signed(terms.client, digest, signature), SignatureInvalid(expected, digest));
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

    function _signed(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        return SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature);
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

    function _open(Terms calldata terms) private returns (JobId id) {
        _requireSound(terms);
        id = jobId(terms);
        Status actual = _jobs[id].status;
        require(actual == Status.None, AlreadyFunded(id, actual));
        _jobs[id].status = Status.Open;
        emit Funded(id, terms.client, msg.sender, terms.reward, feeOf(terms.reward), terms.specHash, terms.salt);
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

    function _move(JobId id, Job memory current, Status next, uint256 until) private {
        _jobs[id] = Job(next, current.worker, uint40(until), current.round);
    }

    // Interactions, always last

    function _record(JobId id, Terms calldata terms, address worker, uint256 workerShareBps, bool ruled) private {
        _requireCalleeGas();
        try REPUTATION.record{gas: CALLEE_GAS}(worker, terms.domain, terms.reward, workerShareBps, ruled) {} catch {
            emit RecordFailed(id, worker);
        }
    }

    /// @dev The one way out for a job's money: the worker's share, the fee on it, and the rest to the client.
    function _distribute(Terms calldata terms, address worker, uint256 workerShareBps) private {
        uint256 workerAmount = (terms.reward * workerShareBps) / BPS;
        uint256 fee = feeOf(workerAmount);
        uint256 clientAmount = _total(terms) - workerAmount - fee;

        // A credit is cheaper than a transfer, and a blocked treasury blocks nobody.
        if (fee > 0) _credits[TREASURY] += fee;
        if (workerAmount > 0) _pay(worker, workerAmount);
        if (clientAmount > 0) _pay(terms.client, clientAmount);
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
