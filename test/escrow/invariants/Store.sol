// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Job, JobId, SpendingLimit, Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Manner} from "./Arbiter.sol";

/// @notice Every kind of move that a sequence of calls is made of.
enum Op {
    Fund,
    FundWithPermit,
    FundWithAuthorization,
    Cancel,
    Accept,
    Reopen,
    Submit,
    Release,
    Complete,
    Reject,
    Dispute,
    Rule,
    Refund,
    Settle,
    Withdraw,
    SetSpendingLimit,
    Multicall,
    TryMulticall,
    Starve,
    Replay,
    Donate,
    Block,
    Unblock,
    Pause,
    Unpause,
    BreakReputation,
    MendReputation,
    Wait
}

// The number of members of `Op`; the language takes no `type(Op).max` where an array's length stands.
uint256 constant OPS = 28;

/// @notice What the books say of one job.
struct Entry {
    JobId id;
    Terms terms;
    /// By the interface's words alone, whatever the contract did.
    Job expected;
    /// As last read from the contract.
    Job seen;
    /// Base units. What the job took in, and who had it at its end: worker, treasury, client.
    uint256 funded;
    uint256 earned;
    uint256 fee;
    uint256 returned;
    uint256 endings;
}

/// @notice A call about to be made, and what the interface says of it.
struct Move {
    Op op;
    uint256 index;
    address sender;
    bytes data;
    bool signed;
    bool allowed;
    /// The worker who accepts, who disputes, or the owner of a credit or of a limit.
    address party;
    /// The signer of a pass is the verifier (and not the client).
    bool byVerifier;
    Manner manner;
    uint256 workerShareBps;
    SpendingLimit limit;
}

/// @notice What a client granted an operator, and what the operator took of it since.
struct Grant {
    SpendingLimit limit;
    uint256 granted;
    uint256 spent;
}

/// @notice A call with a signature that has done its work.
struct Spent {
    address sender;
    bytes data;
}

/// @notice The books that are kept beside the contracts, and compared with them after every call.
abstract contract Store {
    Entry[] internal jobs;
    mapping(address account => uint256) internal balances;
    mapping(address account => uint256) internal credits;
    mapping(address client => mapping(address operator => Grant)) internal grants;
    mapping(address worker => mapping(bytes32 domain => uint256)) internal successValue;
    mapping(address worker => mapping(bytes32 domain => uint256)) internal failureValue;
    uint256 internal donated;
    bool internal reputationBroken;
    Spent[] internal spentWords;

    /// How often each kind of move succeeded, and was refused.
    uint256[OPS] internal succeeded;
    uint256[OPS] internal refused;

    /// The first thing that went otherwise than the rules say; empty while all is well.
    string internal breach;

    function _report(string memory sentence) internal {
        if (bytes(breach).length == 0) breach = sentence;
    }
}
