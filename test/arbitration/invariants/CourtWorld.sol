// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Randomness, Windows} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {Handler} from "../../escrow/invariants/Handler.sol";
import {vm} from "../../escrow/invariants/Vm.sol";
import {Wallet} from "../../escrow/invariants/Wallet.sol";
import {Party} from "../../escrow/invariants/World.sol";
import {Coordinator} from "./Coordinator.sol";
import {CourtStore, DeployedPool} from "./CourtStore.sol";

/// @notice The pool as it is deployed, beside escrow, reputation and USDC, and its jurors. Some parties of jobs are jurors, too.
abstract contract CourtWorld is Handler, CourtStore {
    uint256 internal constant MIN_STAKE = 100e6;
    uint256 internal constant EVIDENCE_WINDOW = 2 hours;
    uint256 internal constant COMMIT_WINDOW = 1 hours;
    uint256 internal constant REVEAL_WINDOW = 1 hours;
    uint256 internal constant CASE_APPEAL_WINDOW = 12 hours;
    uint256 internal constant DRAW_WINDOW = 6 hours;
    uint256 internal constant STAKING_WINDOW = 5 minutes;

    uint256 private constant JURORS = 22;
    uint256 private constant JUROR_BALANCE = 10_000e6;

    DeployedPool internal pool;
    Coordinator internal coordinator;
    bytes32 internal poolDomain;

    /// Who may be drawn: the first ones are nothing else, the others are parties of jobs.
    Party[] internal jurors;
    mapping(address account => uint256) internal jurorNumber;
    /// Everybody who may have money in the pool: the treasury has none.
    Party[] internal owners;

    constructor() {
        coordinator = new Coordinator();
        bytes memory arguments = abi.encode(
            ESCROW,
            MIN_STAKE,
            Windows(uint32(EVIDENCE_WINDOW), uint32(COMMIT_WINDOW), uint32(REVEAL_WINDOW), uint32(CASE_APPEAL_WINDOW)),
            Randomness(address(coordinator), "key", 3)
        );
        pool = DeployedPool(_create(bytes.concat(vm.getCode("ArbitrationPool.sol:ArbitrationPool"), arguments)));
        poolDomain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("HireForHumans ArbitrationPool"),
                keccak256("1"),
                block.chainid,
                pool
            )
        );
        for (uint256 i = 0; i < JURORS; ++i) _swearIn(i);
        jurors.push(clients[0]);
        jurors.push(workers[0]);
        jurors.push(verifiers[0]);
        for (uint256 i = 0; i < parties.length; ++i) {
            if (parties[i].account != treasury.account) owners.push(parties[i]);
        }
        for (uint256 i = 0; i < jurors.length; ++i) jurorNumber[jurors[i].account] = i;
        for (uint256 i = 0; i < owners.length; ++i) {
            vm.prank(owners[i].account);
            USDC.approve(address(pool), type(uint256).max);
        }
    }

    function _drawArbiter(Dice memory dice) internal view override returns (address) {
        return dice.oneIn(3) ? super._drawArbiter(dice) : address(pool);
    }

    function _ownerOf(Dice memory dice) internal view returns (Party memory) {
        return owners[dice.roll(owners.length)];
    }

    function _jurorOf(Dice memory dice) internal view returns (Party memory) {
        return jurors[dice.roll(jurors.length)];
    }

    /// @dev Parties of jobs and jurors alike.
    function _ownerAt(address account) internal view returns (Party memory) {
        for (uint256 i = 0; i < owners.length; ++i) if (owners[i].account == account) return owners[i];
        return stranger;
    }

    function _swearIn(uint256 i) private {
        Party memory juror;
        juror.key = uint256(keccak256(abi.encode("juror", i)));
        juror.account = vm.addr(juror.key);
        if (i == 0) juror.account = address(new Wallet(juror.account));
        USDC.mint(juror.account, JUROR_BALANCE);
        balances[juror.account] = JUROR_BALANCE;
        jurors.push(juror);
        owners.push(juror);
    }
}
