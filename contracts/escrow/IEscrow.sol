// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISigning} from "../signing/ISigning.sol";
import {IUsdc} from "./IUsdc.sol";

/// @dev The hash of a job's terms, see `IEscrow.jobId`.
type JobId is bytes32;

/// @notice All that defines a job. It travels as calldata; the contract keeps only its hash.
/// @dev Amounts are USDC base units (6 decimals), times are unix seconds, windows are seconds.
struct Terms {
    /// Pays, and receives every refund.
    address client;
    /// The only address that may accept; zero: anyone who passes the other checks.
    address worker;
    /// The only sender that may carry an acceptance; zero: any sender. An open job could otherwise be taken hostage
    /// by a fresh address that never delivers. With a spending limit of the client it is the job's operator too.
    address matcher;
    /// Signs the verdict on the evidence: an EOA or an ERC-1271 account (a committee, say).
    address verifier;
    /// Rules a dispute; zero: this job knows no disputes.
    address arbiter;
    /// What the worker earns. The fee comes on top of it.
    uint96 reward;
    /// The least reputation in `domain` that may accept, in WAD (1e18 = 1.0).
    uint64 minReputation;
    /// The worker's share if a dispute is never ruled, in basis points.
    uint16 backstopShareBps;
    /// The last second in which the job may be accepted or its work submitted.
    uint40 deadline;
    /// The time an accepting worker has, cut off at `deadline`.
    uint32 workWindow;
    /// The time the verifier has.
    uint32 verifyWindow;
    /// The time the client has to dispute a pass; zero: paid in the transaction of the verdict.
    uint32 reviewWindow;
    /// The field in which this job moves the worker's reputation.
    bytes32 domain;
    /// Hash of the context packet (RFC 8785 canonical JSON), which holds the acceptance rubric.
    bytes32 specHash;
    /// Tells jobs of equal terms apart; a gateway puts its own job id here.
    bytes32 salt;
}

/// @notice Where a job stands. `Paid`, `Refunded` and `Split` are final.
enum Status {
    None,
    Open,
    Accepted,
    Submitted,
    Approved,
    Rejected,
    Disputed,
    Paid,
    Refunded,
    Split
}

/// @notice The one storage slot of a job.
struct Job {
    Status status;
    /// Zero while nobody has accepted.
    address worker;
    /// The last second of the present state's window; zero where the state has none (`Open` ends by the terms' deadline).
    uint40 until;
    /// How often the job was reopened. A worker's signature names it, so it can't be used again after a lapse.
    /// A lapse takes a second at least and a job a year at most, so 32 bits can't run over.
    uint32 round;
}

/// @notice What an operator may still spend of a client's money by funding jobs for it. Until it expires, the operator also
/// speaks for the client in the jobs whose terms name it as their matcher.
struct SpendingLimit {
    /// What is left, in base units, fees included.
    uint96 remaining;
    /// The most one job may take, in base units, fee included.
    uint96 perJob;
    /// The last second in which the operator may act.
    uint40 expiresAt;
}

/// @notice A verifier's (or client's) word on one worker's evidence for one job.
struct Verdict {
    bytes32 evidenceHash;
    /// Hash of the readable reasons (RFC 8785 canonical JSON).
    bytes32 reasonsHash;
    /// The last second in which the signature may be used.
    uint256 validUntil;
}

/// @title Escrow of HireForHumans
/// @notice Holds a client's USDC for a job and pays it to the worker on a verdict, or back.
///
/// Promise: every job ends by calls that anyone may make, in bounded time, and its money goes only to its worker, its
/// client and (2.5 % of what the worker earns) the treasury. No account can change, pause or redirect that.
///
/// Assumptions: the token is Circle's USDC (FiatTokenV2_2): no fee on transfer, no hooks; it can be paused and can
/// block accounts, and both leave credits that wait. The reputation contract may be broken; it then moves no money.
///
/// Signatures are EIP-712 over this contract's domain ("HireForHumans Escrow", "1"), from an EOA or an ERC-1271
/// account. Where a function takes `validUntil` and `signature`, an empty signature means: the sender speaks for itself.
///
/// Warning: an open job of no `matcher` and no named `worker` can be accepted by anyone.
/// Warning: until an acceptance is on chain the client may cancel. Who works before that (see `complete`) trusts it not to.
/// Warning: a job of no `arbiter` leaves its worker without recourse against its verifier.
/// Warning: a blocked receiver is not paid but credited, see `withdraw`.
/// Warning: until its spending limit expires, an operator may fund any job inside the limit, and cancel, release and complete
/// in the client's place every job whose terms name it as their matcher, whoever funded it and whatever is left of the limit.
/// Warning: times are block times. A validator can shift one by seconds, so windows should be minutes at least.
interface IEscrow is ISigning {
    // Errors: what is, and what would have to be.

    error WrongStatus(JobId jobId, Status actual, uint256 allowedBitmap);
    error AlreadyFunded(JobId jobId, Status actual);
    error RewardOutOfRange(uint256 actual, uint256 min, uint256 max);
    error DeadlineOutOfRange(uint256 actual, uint256 min, uint256 max);
    error WindowOutOfRange(string window, uint256 actual, uint256 min, uint256 max);
    error ShareOutOfRange(uint256 actual, uint256 max);
    error MinReputationOutOfRange(uint256 actual, uint256 max);
    error PartyMissing(string party);
    error SpendingLimitExceeded(address operator, uint256 needed, uint256 remaining, uint256 perJob);
    error SpendingLimitExpired(address operator, uint256 expiresAt, uint256 blockTime);
    error WorkerNotAllowed(address actual, address expected);
    error WorkerIsParty(address worker);
    error ReputationTooLow(address worker, uint256 actual, uint256 required);
    error TooEarly(JobId jobId, uint256 blockTime, uint256 notBefore);
    error TooLate(JobId jobId, uint256 blockTime, uint256 until);
    error ArbiterMissing(JobId jobId);
    error NothingToWithdraw(address owner);
    error InsufficientGas(uint256 actual, uint256 required);

    // Events: one for each operation, named after it.

    event Funded(
        JobId indexed jobId,
        address indexed client,
        address sender,
        uint256 reward,
        uint256 fee,
        bytes32 specHash,
        bytes32 salt
    );
    event Cancelled(JobId indexed jobId, address indexed client, uint256 amount);
    event Accepted(JobId indexed jobId, address indexed worker, uint256 round, uint256 until);
    event Reopened(JobId indexed jobId, address indexed worker, uint256 round);
    event Submitted(JobId indexed jobId, address indexed worker, bytes32 evidenceHash, uint256 until);
    /// @param status `Paid`, or `Approved` while the review window runs.
    event Released(
        JobId indexed jobId,
        address indexed worker,
        address by,
        Status status,
        bytes32 evidenceHash,
        bytes32 reasonsHash
    );
    /// @notice Accepted, submitted and released in one: this event stands for those three.
    /// @param status `Paid`, or `Approved` while the review window runs.
    event Completed(
        JobId indexed jobId,
        address indexed worker,
        address by,
        Status status,
        bytes32 evidenceHash,
        bytes32 reasonsHash
    );
    event Rejected(
        JobId indexed jobId,
        address indexed worker,
        bytes32 evidenceHash,
        bytes32 reasonsHash,
        uint256 until
    );
    event Disputed(JobId indexed jobId, address indexed by, bytes32 statementHash, uint256 until);
    event Ruled(JobId indexed jobId, Status status, uint256 workerShareBps);
    event Refunded(JobId indexed jobId, address indexed client, uint256 amount);
    /// @param status `Paid`, or `Split` after a dispute that nobody ruled.
    event Settled(JobId indexed jobId, Status status);
    event Credited(address indexed owner, uint256 amount);
    event Withdrawn(address indexed owner, uint256 amount);
    event SpendingLimitSet(
        address indexed client,
        address indexed operator,
        uint256 remaining,
        uint256 perJob,
        uint256 expiresAt
    );
    /// @notice A call of `tryMulticall` failed and was undone, alone.
    /// @param reason The revert data, or nothing if it is longer than 1,024 bytes.
    event CallFailed(uint256 indexed index, bytes reason);
    /// @notice The reputation contract failed; the job went on without it.
    event RecordFailed(JobId indexed jobId, address indexed worker);

    // Operations, in the order of a job's life.

    /// @notice Pulls reward and fee from the client's allowance. By the client, or by its operator inside the limit.
    function fund(Terms calldata terms) external returns (JobId);

    /// @notice `fund` (same senders) with the client's EIP-2612 permit of `value` base units to this contract.
    /// A permit that was already used by someone else is no obstacle as long as the allowance covers the job.
    function fundWithPermit(
        Terms calldata terms,
        uint256 value,
        uint256 permitDeadline,
        bytes calldata signature
    ) external returns (JobId);

    /// @notice `fund` by anyone with the client's EIP-3009 `ReceiveWithAuthorization` to this contract over reward and
    /// fee, whose nonce is the job's id: the client needs no gas, and its word fits these terms only.
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (JobId);

    /// @notice Open -> Refunded, by the client or the job's operator. All of it goes back.
    function cancel(Terms calldata terms, uint256 validUntil, bytes calldata signature) external;

    /// @notice Open -> Accepted, by the worker, not past the deadline.
    function accept(Terms calldata terms, address worker, uint256 validUntil, bytes calldata signature) external;

    /// @notice Accepted -> Open, by anyone, when the work window is over without evidence. That worker's reputation falls.
    function reopen(Terms calldata terms) external;

    /// @notice Accepted -> Submitted, by the worker in time.
    function submit(Terms calldata terms, bytes32 evidenceHash, uint256 validUntil, bytes calldata signature) external;

    /// @notice Submitted -> Paid, or -> Approved while a review window runs, with the verifier's signed pass (also late:
    /// a pass after silence hurts nobody). Submitted or Approved -> Paid by the word of the client or of the job's operator.
    function release(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external;

    /// @notice accept, submit and release of work that was done off chain, in one call and with two words instead of three:
    /// Open -> Paid, or -> Approved while a review window runs. The worker's `Submit` word speaks for its acceptance too,
    /// and the verdict is on that very evidence. Every check of the three steps is made here too.
    /// @param submitValidUntil The last second in which the worker's signature may be used.
    function complete(
        Terms calldata terms,
        address worker,
        uint256 submitValidUntil,
        bytes calldata submitSignature,
        Verdict calldata verdict,
        bytes calldata verdictSignature
    ) external;

    /// @notice Submitted -> Rejected with the verifier's signed fail, inside the verify window.
    function reject(Terms calldata terms, Verdict calldata verdict, bytes calldata signature) external;

    /// @notice -> Disputed, in time: by the worker when Rejected, by the client when Approved, by either when Submitted and
    /// the verifier stayed silent. The arbiter takes its bond inside this call.
    /// @param data Handed to the arbiter as it is (how the bond is paid, say).
    function dispute(
        Terms calldata terms,
        address by,
        bytes32 statementHash,
        uint256 validUntil,
        bytes calldata signature,
        bytes calldata data
    ) external;

    /// @notice Disputed -> Paid (10,000), Refunded (0) or Split, by the job's arbiter.
    function rule(Terms calldata terms, uint256 workerShareBps) external;

    /// @notice Open past the deadline, or Rejected past the appeal window -> Refunded, by anyone.
    function refund(Terms calldata terms) external;

    /// @notice By anyone: Approved past the review window -> Paid; Submitted past the verifier's silence and grace -> Paid;
    /// Disputed past the backstop -> Split by the terms' share.
    function settle(Terms calldata terms) external;

    /// @notice Sends an owner its credit: what a transfer to it could not deliver, and the treasury's fees. By anyone.
    function withdraw(address owner) external;

    /// @notice Sets (not adds) what an operator may spend of the sender's money, and until when it may act for the sender.
    /// All zero revokes both.
    function setSpendingLimit(address operator, uint96 remaining, uint96 perJob, uint40 expiresAt) external;

    /// @notice All of these calls, or none.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);

    /// @notice Each of these calls for itself: one that fails is undone and reported by `CallFailed`, the others stand.
    /// To keep the steps of one job together, let a call be a `multicall` of them.
    /// Each call may use an equal share of the gas that is left, less 20,000 to report it, so one that burns gas or reverts
    /// with megabytes can't starve those behind it, nor undo those before. An estimate of gas is of no use here (calls that
    /// ran out of gas count as failed): give every call what it needs, and these 20,000.
    function tryMulticall(bytes[] calldata calls) external returns (bool[] memory succeeded);

    // Views.

    /// @notice keccak256(abi.encode(chain id, this contract, terms)).
    function jobId(Terms calldata terms) external view returns (JobId);

    function job(JobId id) external view returns (Job memory);

    /// @notice The one token.
    function USDC() external view returns (IUsdc);

    function spendingLimit(address client, address operator) external view returns (SpendingLimit memory);

    /// @notice In base units.
    function credit(address owner) external view returns (uint256);

    /// @notice 250 basis points of a reward, rounded down, in base units.
    function feeOf(uint256 reward) external pure returns (uint256);
}
