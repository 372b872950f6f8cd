// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbiter} from "../escrow/IArbiter.sol";
import {JobId, Terms} from "../escrow/IEscrow.sol";
import {ISigning} from "../signing/ISigning.sol";

/// @notice A juror's answer to "who should have the reward", or none yet.
enum Vote {
    None,
    Client,
    Worker,
    Unclear
}

/// @notice Where a case stands.
enum Phase {
    None,
    /// One side has bonded, the other may until `until`; if it does not, the first wins.
    Answering,
    /// Both sides have bonded; a panel may be asked for once `until` is past.
    Waiting,
    /// Randomness was asked for; the panel must be drawn by `until`.
    Drawing,
    /// The panel commits by `until`, and reveals after it.
    Committing,
    /// All of the panel have committed; it reveals by `until`.
    Revealing,
    /// The panel decided. The side it decided against may appeal by `until`.
    Appealing,
    /// Panels failed too often; the terms' own split is all that is left.
    Undecided
}

/// @notice A case that runs, in one storage slot. One that has ended is all zero again, like one that never was. Its job's terms travel as calldata.
struct Case {
    Phase phase;
    /// How often it was appealed. Both sides have bonded for rounds 0 to this one.
    uint8 round;
    /// Panels that failed: randomness that did not come, no quorum, no side ahead.
    uint8 redraws;
    /// Panels that were drawn, failed ones too.
    uint8 panels;
    /// The side that stands to win: the one that was disputed against, then the one the last panel decided for.
    Vote standing;
    /// The last second of the phase.
    uint40 until;
    address worker;
}

/// @notice A juror's stake. All zero: no juror.
struct Juror {
    /// In base units.
    uint256 stake;
    /// What of it is at risk in cases that have not ended, in base units.
    uint256 locked;
    /// Its weight in the draw, in whole USDC.
    uint256 weight;
    /// When a juror who retired may take the stake, unix seconds; zero: it stays.
    uint256 unstakeFrom;
}

/// @notice The draw that runs, or the last one. While it runs no weight changes.
struct Lottery {
    uint40 drawId;
    /// The last second in which a panel may be drawn from its seed.
    uint40 until;
    /// Cases whose panel it still has to choose.
    uint32 undrawn;
    bool seeded;
}

/// @notice Seconds.
struct Windows {
    uint32 evidence;
    uint32 commit;
    uint32 reveal;
    uint32 appeal;
}

/// @notice How randomness is asked for, see Chainlink VRF v2.5. The pool opens a subscription of its own, so nobody can end
/// it; it is paid in the chain's own coin, which anyone may add (`fundSubscriptionWithNative` of the coordinator).
struct Randomness {
    address coordinator;
    bytes32 keyHash;
    uint16 confirmations;
}

/// @notice One seat of a panel.
struct Seat {
    address juror;
    Vote vote;
    bool committed;
    bool denounced;
}

/// @notice A juror's signed commitment.
struct CommitWord {
    uint256 seat;
    bytes32 commitment;
    uint256 validUntil;
    bytes signature;
}

/// @notice One commitment of a panel, as its event told it.
struct Commitment {
    uint256 seat;
    bytes32 commitment;
}

/// @notice What a commitment hid.
struct Opening {
    uint256 seat;
    /// 1, 2 or 3, as in `Vote`.
    uint256 vote;
    bytes32 salt;
}

/// @title ArbitrationPool of HireForHumans
/// @notice Ends a job's dispute by panels of jurors with USDC at stake.
///
/// Promise: every case ends by calls that anyone may make, in `longestCase` seconds if they are made in time, and all
/// money in here always has an owner or is counted as burned. No account can change, pause or redirect that: there is no owner.
///
/// A case: the disputant bonds, the other side answers with its own bond (or loses); after the evidence window a panel of
/// 3 is drawn, commits, reveals; the side it decided against may appeal to 7, then 15, with doubled bonds. The loser's
/// bonds pay the jurors who voted as the last panel, then the winner. A panel that fails is drawn anew, twice in a case at
/// most; after that the job's own terms split the money.
///
/// Assumptions: USDC as in `IEscrow`. The source of randomness may fail (cases then end by the split) but a corrupt one
/// can choose panels: see docs/arbitration.md. Jurors may lie, sleep and collude within what that page says.
///
/// All money moves inside `balance`s; only `deposit…` and `withdraw` touch the token, so a blocked account or a paused
/// token stops nobody else. Signatures: EIP-712 over this contract's domain ("HireForHumans ArbitrationPool", "1"), from an
/// EOA or an ERC-1271 account. Where a function takes `validUntil` and `signature`, an empty signature means: the sender
/// speaks for itself.
///
/// Warning: who can't bond loses. Anyone may `deposit` for another; `setStandingAnswer` lets bonds be taken from the balance.
/// Warning: a standing answer answers every dispute and appeal of one's jobs here, also the hopeless ones.
/// Warning: stake in cases that run can't leave, and a leaving stake waits for `EXIT_DELAY`.
interface IArbitrationPool is IArbiter, ISigning {
    // Errors: what is, and what would have to be.

    error ParameterOutOfRange(string parameter, uint256 actual, uint256 min, uint256 max);
    error PartyMissing(string party);
    error RewardAboveCap(uint256 actual, uint256 max);
    error WrongPhase(JobId jobId, Phase actual, uint256 allowedBitmap);
    error TooEarly(JobId jobId, uint256 blockTime, uint256 notBefore);
    error TooLate(JobId jobId, uint256 blockTime, uint256 until);
    error BalanceTooLow(address owner, uint256 actual, uint256 needed);
    error StakeOutOfRange(uint256 actual, uint256 min, uint256 max);
    error StakesFrozen(uint256 blockTime, uint256 until);
    error NotStaked(address juror);
    error NothingToCollect(address juror, uint256 stake, uint256 kept);
    error AlreadyRetired(address juror, uint256 unstakeFrom);
    error StakeNotFree(address juror, uint256 locked, uint256 blockTime, uint256 unstakeFrom);
    error NothingToDraw(uint256 blockTime);
    error SeatOutOfRange(JobId jobId, uint256 actual, uint256 max);
    error AlreadyCommitted(JobId jobId, uint256 seat);
    error NotCommitted(JobId jobId, uint256 seat);
    error AlreadyRevealed(JobId jobId, uint256 seat);
    error AlreadyDenounced(JobId jobId, uint256 seat);
    error CommitmentsUnknown(JobId jobId, bytes32 actual, bytes32 expected);
    error OpeningInvalid(JobId jobId, uint256 seat, bytes32 actual, bytes32 expected);
    error VoteOutOfRange(uint256 actual, uint256 min, uint256 max);
    error NoFurtherAppeal(JobId jobId, uint256 round);
    error InsufficientGas(uint256 actual, uint256 required);

    // Events: one for each operation, named after it.

    event Deposited(address indexed owner, address indexed sender, uint256 amount);
    event Withdrawn(address indexed owner, uint256 amount);
    event StandingAnswerSet(address indexed owner, bool stands);
    /// @param stake What is staked now.
    event Staked(address indexed juror, uint256 amount, uint256 stake);
    event Collected(address indexed juror, uint256 amount);
    event Retired(address indexed juror, uint256 unstakeFrom);
    event Unstaked(address indexed juror, uint256 amount);
    event Reweighed(address indexed juror, uint256 weight);
    event Opened(
        JobId indexed jobId,
        address indexed disputant,
        address indexed respondent,
        uint256 bond,
        uint256 until
    );
    event EvidenceAdded(JobId indexed jobId, address indexed by, bytes32 evidenceHash);
    event Answered(JobId indexed jobId, address indexed by, uint256 round, uint256 bond);
    event DrawRequested(JobId indexed jobId, uint256 indexed drawId, uint256 until);
    event Seeded(uint256 indexed drawId, uint256 seed);
    event Drawn(JobId indexed jobId, uint256 indexed panel, address[] jurors, uint256 until);
    event Committed(
        JobId indexed jobId,
        uint256 indexed panel,
        address indexed juror,
        uint256 seat,
        bytes32 commitment
    );
    event Revealed(JobId indexed jobId, uint256 indexed panel, uint256 indexed seat, Vote vote);
    event Denounced(JobId indexed jobId, uint256 indexed panel, address indexed juror, uint256 seat, address denouncer);
    /// @param outcome `None` where no side was ahead or too few voted.
    event Tallied(JobId indexed jobId, uint256 indexed panel, Vote outcome, uint256 until);
    /// @notice A panel is to be drawn anew (`Waiting`), or no more: `Undecided`, or `Appealing` where jurors are too few for
    /// an appeal's panel, so that the last panel's word stands.
    event Redrawn(JobId indexed jobId, uint256 redraws, Phase phase);
    event Appealed(JobId indexed jobId, address indexed by, uint256 round, uint256 bond, uint256 until);
    /// @param winner `None`: split by the terms.
    /// @param fees What the jurors got of the bonds, in base units.
    event Ruled(JobId indexed jobId, Vote winner, uint256 workerShareBps, uint256 fees, uint256 burned);
    event Rewarded(JobId indexed jobId, address indexed juror, uint256 amount);
    event Slashed(JobId indexed jobId, address indexed juror, uint256 amount);

    // Money

    /// @notice Adds the sender's USDC to an owner's balance.
    function deposit(address owner, uint256 amount) external;

    /// @notice Adds to an owner's balance by its EIP-3009 `ReceiveWithAuthorization` to this contract, carried by anyone.
    function depositWithAuthorization(
        address owner,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Sends an owner its money, by its word: its deposit may be there to answer a dispute.
    function withdraw(address owner, uint256 amount, uint256 validUntil, bytes calldata signature) external;

    /// @notice Whether bonds for answers (not for disputes and appeals of one's own) are taken from the balance at once.
    function setStandingAnswer(address owner, bool stands, uint256 validUntil, bytes calldata signature) external;

    // Jurors

    /// @notice Moves money from the juror's balance to its stake: `MIN_STAKE` in all, at least.
    function stake(address juror, uint256 amount, uint256 validUntil, bytes calldata signature) external;

    /// @notice Moves what a stake has earned above its weight (and above `MIN_STAKE`) to the juror's balance. By anyone.
    function collect(address juror) external;

    /// @notice Takes the juror out of further draws; `unstake` may follow after `EXIT_DELAY`.
    function retire(address juror, uint256 validUntil, bytes calldata signature) external;

    /// @notice Moves the stake of a juror who left back to its balance. By anyone.
    function unstake(address juror) external;

    /// @notice Sets a juror's weight to what its stake is after slashes; none below `MIN_STAKE`. By anyone.
    function reweigh(address juror) external;

    // A case, in the order of its life; it begins with `open`, by the escrow

    /// @notice Puts the hash of further evidence on record, by a party, before the panel is asked for.
    function addEvidence(
        Terms calldata terms,
        address by,
        bytes32 evidenceHash,
        uint256 validUntil,
        bytes calldata signature
    ) external;

    /// @notice Answering -> Waiting: the other side bonds, too.
    function answer(Terms calldata terms, address by, uint256 validUntil, bytes calldata signature) external;

    /// @notice Waiting -> Drawing, for as many cases as are given, with one request for randomness. Cases that are not due
    /// are passed over. One whose earlier draw failed is drawn anew, or goes to Undecided. By anyone.
    function requestDraw(JobId[] calldata jobIds) external;

    /// @notice Drawing -> Committing, once the randomness is here. By anyone.
    function draw(Terms calldata terms) external;

    /// @notice Records commitments of the panel's jurors; see `commitmentOf`.
    function commit(JobId jobId, CommitWord[] calldata words) external;

    /// @notice Opens votes, once all have committed or the commit window is over. The salt is proof enough: by anyone.
    /// @param commitments All commitments of this panel, in the order of their events.
    function reveal(JobId jobId, Commitment[] calldata commitments, Opening[] calldata openings) external;

    /// @notice Opens a vote while the panel still commits: its juror has let it out. The juror loses the stake at risk, a
    /// fourth of it goes to the denouncer, the rest to the jurors who vote with the panel.
    function denounce(
        Terms calldata terms,
        Commitment[] calldata commitments,
        Opening calldata opening,
        address denouncer
    ) external;

    /// @notice Counts the votes when the reveal window is over; `reveal` does it at once when all are open. By anyone.
    function tally(JobId jobId) external;

    /// @notice Appealing -> Answering, by the side that the panel decided against.
    function appeal(Terms calldata terms, address by, uint256 validUntil, bytes calldata signature) external;

    /// @notice Ends the case: rules in the escrow, pays jurors and bonds. By anyone, when the window of answer or appeal
    /// is over, after the last round at once.
    function rule(Terms calldata terms) external;

    // Views

    /// @notice keccak256(abi.encode(chain id, this contract, jobId, panel, seat, vote, salt)). A panel's seat is one juror's.
    function commitmentOf(
        JobId jobId,
        uint256 panel,
        uint256 seat,
        uint256 vote,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice In base units.
    function balance(address owner) external view returns (uint256);

    function standingAnswer(address owner) external view returns (bool);

    function jurorOf(address account) external view returns (Juror memory);

    function caseOf(JobId jobId) external view returns (Case memory);

    /// @notice The seats of a panel of a case that runs, in order.
    function panelOf(JobId jobId, uint256 panel) external view returns (Seat[] memory);

    /// @notice The highest reward whose dispute is taken, in base units: five times the least stake.
    function maxReward() external view returns (uint256);

    /// @notice Seconds from `open` to `rule`, if every call is made as soon as it may be.
    function longestCase() external view returns (uint256);

    function lottery() external view returns (Lottery memory);

    /// @notice Of all jurors in the draw, in whole USDC.
    function totalWeight() external view returns (uint256);

    /// @notice Slashed stake that nobody earned and nobody can take, in base units.
    function burned() external view returns (uint256);

    /// @notice The bond of a case's first round, in base units.
    function bondOf(uint256 reward) external pure returns (uint256);
}
