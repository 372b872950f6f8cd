// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Case,
    Commitment,
    IArbitrationPool,
    Juror,
    Lottery,
    Vote
} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Spent} from "../../escrow/invariants/Store.sol";

/// @notice What a handler asks of the pool beside its interface.
interface DeployedPool is IArbitrationPool {
    function rawFulfillRandomWords(uint256 requestId, uint256[] calldata words) external;
    function nonces(address owner) external view returns (uint256);
    function EXIT_DELAY() external view returns (uint256);
}

/// @notice Every kind of move at the pool.
enum CourtOp {
    Deposit,
    DepositWithAuthorization,
    Withdraw,
    SetStandingAnswer,
    Stake,
    Collect,
    Retire,
    Unstake,
    Reweigh,
    AddEvidence,
    Answer,
    RequestDraw,
    Draw,
    Commit,
    Reveal,
    Denounce,
    Tally,
    Appeal,
    Rule,
    Seed,
    SeedInVain,
    SeedByAnyone,
    Replay,
    Donate,
    Block,
    Unblock,
    // What a sequence should come by; none of these is a call.
    AnsweredAtOnce,
    CameUndecided,
    RanOutOfTime,
    // These are too rare to wait for: `takeToTheEnd` goes for them.
    DrewTooFew,
    HeardFifteen,
    LastWordStood
}

// The number of members of `CourtOp`, of those that any long sequence comes by, and of those that are calls which can be refused.
uint256 constant COURT_OPS = 32;
uint256 constant COMMON_COURT_OPS = 29;
uint256 constant REFUSABLE_COURT_OPS = 19;

/// @notice What the books say of one seat.
struct SeatBook {
    address juror;
    Vote vote;
    bool committed;
    bool denounced;
    /// What its commitment hides; `None`: nothing that could be opened.
    Vote hidden;
}

struct PanelBook {
    SeatBook[] seats;
}

/// @notice What the books say of a case that runs.
struct CaseBook {
    Case expected;
    uint256 openedAt;
    /// Of its first round, and what each side has put up, in base units.
    uint256 bond;
    uint256 clientBonds;
    uint256 workerBonds;
    PanelBook[] panels;
    /// Of the present panel, in the order of their events.
    Commitment[] commitments;
}

/// @notice The books of the pool.
abstract contract CourtStore {
    mapping(uint256 index => CaseBook) internal cases;
    /// Jobs whose case runs.
    uint256[] internal running;

    mapping(address owner => uint256) internal pooled;
    mapping(address owner => bool) internal stands;
    mapping(address account => Juror) internal stakes;
    mapping(address account => bool) internal isJuror;
    Lottery internal expectedLottery;
    /// The request that may seed the present draw; zero: none.
    uint256 internal awaited;
    /// All weights when the present draw was asked for, hashed.
    bytes32 internal frozenWeights;

    /// Base units, since the beginning: moved into stakes and out of them, taken from stakes, won of what others lost, paid to
    /// jurors out of bonds, burned.
    uint256 internal stakedIn;
    uint256 internal stakedOut;
    uint256 internal slashed;
    uint256 internal wonOfSlashes;
    uint256 internal feesPaid;
    uint256 internal burned;
    uint256 internal donatedToPool;

    /// The longest life of a case that has ended, in seconds.
    uint256 internal longestLife;

    Spent[] internal spentAtPool;
    uint256[COURT_OPS] internal courtSucceeded;
    uint256[COURT_OPS] internal courtRefused;
}
