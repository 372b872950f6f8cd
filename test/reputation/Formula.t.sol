// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputation, Record} from "../../contracts/reputation/IReputation.sol";
import {Vm, vm} from "../escrow/invariants/Vm.sol";

/// @notice score = (2 + S) / (4 + S + F), for every history that a worker can have. This contract is the recorder.
contract FormulaTest {
    uint256 private constant WAD = 1e18;
    /// 10 USDC.
    uint256 private constant CAP = 10e6;
    bytes32 private constant DOMAIN = "support";
    address private constant WORKER = address(0xBEEF);

    IReputation private reputation;

    function setUp() public {
        bytes memory code = vm.getCode("Reputation.sol:Reputation");
        address created;
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        reputation = IReputation(created);
    }

    function test_newcomerHasOneHalf() public view {
        require(_score() == 0.5e18, "a newcomer does not start at 0.50");
    }

    function test_seventeenCleanJobsPassNineTenths() public {
        for (uint256 i = 0; i < 16; ++i) _record(CAP, 10_000, false);
        require(_score() == 0.9e18, "16 clean jobs are not 0.90");
        _record(CAP, 10_000, false);
        require(_score() > 0.9e18, "17 clean jobs do not pass 0.90");
    }

    /// A record never reverts, whatever it is asked to enter: it must not stop a payment.
    function testFuzz_recordTakesAnything(uint256 reward, uint256 share, bool ruled) public {
        _record(reward, share, ruled);
        _record(reward, share, ruled);
        require(_score() > 0 && _score() < WAD, "a score is not between 0 and 1");
    }

    function testFuzz_scoreIsTheFormula(
        uint256[8] memory rewards,
        uint16[8] memory shares,
        bool[8] memory ruled
    ) public {
        uint256 success;
        uint256 failure;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 share = shares[i] % 10_001;
            uint256 weight = rewards[i] < CAP ? rewards[i] : CAP;
            uint256 earned = (weight * share) / 10_000;
            success += earned;
            failure += (weight - earned) * (ruled[i] ? 2 : 1);
            _record(rewards[i], share, ruled[i]);
        }
        require(_score() == ((2 * CAP + success) * WAD) / (4 * CAP + success + failure), "not the formula");
    }

    /// A clean job never lowers a score, a failed one never raises it, whatever came before.
    function testFuzz_eachJobMovesItsOwnWay(uint256[4] memory rewards, uint16[4] memory shares, uint256 reward) public {
        for (uint256 i = 0; i < 4; ++i) _record(rewards[i], shares[i] % 10_001, i % 2 == 0);
        uint256 before = _score();
        _record(reward, 10_000, false);
        uint256 risen = _score();
        require(risen >= before, "a clean job lowered the score");
        _record(reward, 0, false);
        require(_score() <= risen, "a failed job raised the score");
    }

    /// One large job can't buy a score: above 10 USDC the reward counts no further.
    function testFuzz_largeJobCountsOnce(uint256 reward) public {
        _record(CAP + (reward % type(uint96).max), 10_000, false);
        require(_score() == (3 * WAD) / 5, "a large job counts more than once");
    }

    /// What an arbiter ruled against the worker counts double.
    function testFuzz_ruledFailureCountsDouble(uint96 reward) public {
        _record(reward, 0, true);
        uint256 ruled = reputation.recordOf(address(this), WORKER, DOMAIN).failureValue;
        _record(reward, 0, false);
        uint256 plain = reputation.recordOf(address(this), WORKER, DOMAIN).failureValue - ruled;
        require(ruled == 2 * plain, "a ruled failure does not count double");
    }

    /// Nobody else can move what a recorder holds, nor does a job move another worker or domain.
    function testFuzz_onlyTheRecorderMovesItsRecord(address sender, uint256 reward, uint16 share) public {
        if (sender == address(this)) return;
        _record(CAP, 10_000, false);
        bytes32 held = keccak256(abi.encode(reputation.recordOf(address(this), WORKER, DOMAIN)));
        vm.prank(sender);
        reputation.record(WORKER, DOMAIN, reward, share, true);
        reputation.record(address(0xCAFE), DOMAIN, reward, share, true);
        reputation.record(WORKER, "legal", reward, share, true);
        require(
            held == keccak256(abi.encode(reputation.recordOf(address(this), WORKER, DOMAIN))),
            "a record was moved"
        );
    }

    function _record(uint256 reward, uint256 share, bool ruled) private {
        reputation.record(WORKER, DOMAIN, reward, share, ruled);
    }

    function _score() private view returns (uint256) {
        return reputation.scoreOf(address(this), WORKER, DOMAIN);
    }
}
